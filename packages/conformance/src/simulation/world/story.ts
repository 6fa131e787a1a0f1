/** A run from its first step to its end. */
import type { SubscriptionStats } from '@ebus/core';
import { ANY_KEY, type Plan, type Step } from '../plan/plan.js';
import { randomOf } from '../time/random.js';
import { GROUP } from './app.js';
import { letterTopicOf } from './driver-options.js';
import { eventIdIn } from './event-id.js';
import type { Process } from './process.js';
import type { World } from './world.js';

/** How long everything may take to be handled once nothing goes wrong any more. */
const QUIET_LIMIT_MS = 15 * 60_000;
const LOOK_EVERY_MS = 250;
const CLOSE_TIMEOUT_MS = 5_000;
/** By which core reads dead letters to redrive them. */
const REDRIVE_GROUP = 'ebus-redrive';

/** Everything that the plan says, then the quiet period, then the end. */
export async function tellStory(world: World): Promise<void> {
  const { time, plan, history } = world;
  const numbers = { published: 0 };
  for (const step of plan.steps) {
    if (step.at > time.now) await time.sleep(step.at - time.now);
    history.count(step.do === 'disturb' ? `step: ${step.what}` : `step: ${step.do}`);
    history.add('plan', step.do, ...detailsOf(step));
    take(world, step, numbers);
  }
  await time.sleep(1_000);
  await quieten(world);
  await close(world);
  settle(world);
}

/** As `slot 1, timeout 2000`. */
function detailsOf({ at: _at, do: _do, ...details }: Step): string[] {
  const text = Object.entries(details)
    .map(([name, value]) => `${name} ${name === 'key' && value === ANY_KEY ? 'any' : value}`)
    .join(', ');
  return text === '' ? [] : [text];
}

function take(world: World, step: Step, numbers: { published: number }): void {
  const { time, slots } = world;
  if (step.do === 'broker restart') return restartBroker(world, step.ms);
  if (step.do === 'disturb') {
    for (const topic of world.topics) {
      if (step.what === 'delete topic') world.topicsThere.delete(topic);
      world.server.disturb(step.what, topic, GROUP, step.n);
    }
    return;
  }
  if (step.do === 'open') {
    if (slots[step.slot] === undefined) world.open(step.slot);
    return;
  }
  const process = slots[step.slot] ?? slots.find((other) => other !== undefined);
  if (process === undefined) return;
  if (step.do === 'kill') {
    world.vacate(process);
    return process.kill();
  }
  if (step.do === 'cut') {
    process.cut();
    time.at(step.ms, () => process.restore());
    return;
  }
  if (process.isFrozen) return;
  if (step.do === 'freeze') return process.freeze(step.ms);
  if (process.isOpen) takeAt(world, process, step, numbers);
}

const isTombstone = ({ seed, ways: { tombstones } }: Plan, n: number) =>
  tombstones > 0 && randomOf(seed, 'tombstone', n).chance(tombstones);

type OpenStep = Exclude<Step, { do: 'open' | 'kill' | 'cut' | 'freeze' | 'broker restart' | 'disturb' }>;

function takeAt(world: World, process: Process, step: OpenStep, numbers: { published: number }): void {
  const { time, plan, app } = world;
  const { subscriptions } = process;
  switch (step.do) {
    case 'publish':
      for (let i = 0; i < step.count; i++) {
        const n = ++numbers.published;
        const key = step.key === ANY_KEY ? n % plan.settings.keys : step.key;
        const event = app.event(key, randomOf(plan.seed, 'event', n));
        if (isTombstone(plan, n)) world.storeTombstone(event, n);
        else process.publish(event, n);
      }
      return;
    case 'close':
      world.vacate(process);
      void process.close(step.timeout);
      return;
    case 'pause':
      for (const subscription of subscriptions) {
        subscription.pause();
        time.at(step.ms, () => subscription.resume());
      }
      return;
    case 'update':
      return process.setConcurrency(step.concurrency);
    case 'resubscribe':
      return void process.resubscribe(step.timeout);
    case 'reconnect':
      process.bus?.connection.reconnect().catch(() => {});
      return;
    case 'clock jumps':
      process.clock.offset += step.ms;
      return;
    case 'retry halted':
      for (const subscription of subscriptions) subscription.retryHalted();
      return;
    case 'skip halted':
      for (const subscription of subscriptions) subscription.skipHalted().catch(() => {});
      return;
    case 'abort publishes':
      return process.abortPublishes();
    case 'redrive':
      return void process.operator.redrive(step.limit);
    case 'move':
      return plan.ways.moves ? void process.operator.move(step.isPersistent) : undefined;
  }
}

function restartBroker({ slots, time }: World, ms: number): void {
  for (const process of slots) process?.cut();
  time.at(ms, () => {
    for (const process of slots) process?.restore();
  });
}

/** Nothing goes wrong any more: everything that was stored has to be handled. */
async function quieten(world: World): Promise<void> {
  const { time, history, slots, all } = world;
  history.add('plan', 'quiet period');
  world.isCalm = true;
  for (const faults of [world.network, world.sends] as unknown as Record<string, number>[]) {
    for (const name of Object.keys(faults)) faults[name] = 0;
  }
  while (all.some(({ isFrozen }) => isFrozen)) await time.sleep(LOOK_EVERY_MS);
  for (const process of all) process.restore();
  if (slots.every((process) => process === undefined)) world.open(0);
  const end = time.now + QUIET_LIMIT_MS;
  for (let look = 0; time.now < end && !isQuiet(world); look++) {
    for (const subscription of slots.flatMap((process) => process?.subscriptions ?? [])) {
      subscription.resume();
      // A poisonous message halts again however often it is tried.
      if (look % 8 < 4) subscription.retryHalted();
      else subscription.skipHalted().catch(() => {});
    }
    if (world.plan.settings.onExhausted === 'park')
      for (const process of slots) process?.operator.redriveAll();
    await time.sleep(LOOK_EVERY_MS);
  }
  if (isQuiet(world)) return;
  const undone = [...world.ledger.unfinished()].map(({ id, key }) => `${id} of ${key}`).slice(0, 10);
  const lag = world.topics.map((topic) => world.server.lag(topic, GROUP));
  const states = all.map(({ name, state, publishing }) => `${name} ${state}, publishing ${publishing}`);
  const stats = statsOf(world).map((each) => JSON.stringify(each));
  const text = `within ${QUIET_LIMIT_MS / 60_000} min without faults: ${undone.join(', ')}; lag ${lag}; ${states.join('; ')}; ${stats.join(' ')}`;
  history.problem('lost', `not handled ${text}`);
}

function isQuiet(world: World): boolean {
  const { ledger, server, all, slots } = world;
  world.forsake();
  if (ledger.undone > 0 || world.topics.some((topic) => server.lag(topic, GROUP) > 0)) return false;
  // A handler that ignores its signal runs on for a while.
  if (statsOf(world).some(isBusy) || slots.some((process) => process?.isResubscribing === true)) return false;
  if (all.some(({ link }) => link.arriving > 0)) return false;
  return all.every(
    ({ state, publishing }) =>
      state === 'killed' || (publishing === 0 && state !== 'closing' && state !== 'opening'),
  );
}

async function close(world: World): Promise<void> {
  const { slots, history, time } = world;
  for (const stats of statsOf(world)) {
    if (isBusy(stats)) history.problem('pending', `${JSON.stringify(stats)} although everything is handled`);
  }
  await Promise.all(slots.map((process) => process?.close(CLOSE_TIMEOUT_MS)));
  await time.sleep(10);
}

function settle({ ledger, history, plan, app, state, server, topics }: World): void {
  for (const { id, key, accepted } of ledger.unfinished()) {
    history.problem('lost', `${id} of ${key} was ${accepted ? 'accepted' : 'stored'} and never handled`);
  }
  ledger.letters.checkKept(
    topics.flatMap((topic) =>
      server
        .unsettled(letterTopicOf(topic), REDRIVE_GROUP)
        .map(({ value, headers }) => eventIdIn(topic, value, headers)),
    ),
  );
  const { requestLost, answerLost, slow } = plan.network;
  const { suspended = 0 } = plan.handler;
  const isReliable = requestLost + answerLost + slow + suspended === 0;
  if (isReliable && !plan.steps.some((step) => DISTURBS_LETTERS.has(step.do))) ledger.letters.checkDoubles();
  try {
    app.check?.(state);
  } catch (error) {
    history.problem('invariant', error instanceof Error ? error.message : String(error));
  }
}

/** After these a letter may be written twice: its acknowledgement, or that of its original, did not arrive. */
const DISTURBS_LETTERS = new Set<Step['do']>([
  'kill',
  'cut',
  'broker restart',
  'close',
  'resubscribe',
  'reconnect',
  'disturb',
  'redrive',
]);

const statsOf = ({ slots }: World): SubscriptionStats[] =>
  slots.flatMap((process) => process?.subscriptions.map((subscription) => subscription.stats()) ?? []);

const isBusy = ({ inFlight, running, inFlightBytes }: SubscriptionStats) =>
  inFlight !== 0 || running !== 0 || inFlightBytes !== 0;
