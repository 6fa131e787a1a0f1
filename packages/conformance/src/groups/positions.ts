/** Positions of groups that lie outside of the log: nothing that it holds is passed over without a word. */
import assert from 'node:assert/strict';
import type { EventBus, Logger } from '@ebus/core';
import { declares, ordering, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { type Collector, collectMessages, type EventPayload, texts } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { History } from '../test-kit/history.js';
import type { Scenario } from '../test-kit/scenario.js';

const key = 'a';
const LONG = '60s';

/** A bus, and what it logs at `warn` and above, fields included. */
async function telling(t: Scenario): Promise<{ bus: EventBus; told: string[] }> {
  const told: string[] = [];
  const tell = (...args: unknown[]) => void told.push(args.map((arg) => text(arg)).join(' '));
  const logger: Logger = { debug() {}, info() {}, warn: tell, error: tell };
  const bus = await t.bus({ createOptions: { logger } });
  bus.on(
    'error',
    (failure) => void told.push(`${'topic' in failure ? failure.topic : ''} ${failure.errorMessage}`),
  );
  return { bus, told };
}

const text = (arg: unknown) =>
  typeof arg === 'string'
    ? arg
    : JSON.stringify(arg, (_, value) => (typeof value === 'bigint' ? String(value) : value));

/** A group reads what the topic holds, and leaves. */
async function readAndLeave(
  t: Scenario,
  count: number,
  from: 'earliest' | 'latest' = 'earliest',
): Promise<void> {
  const bus = await t.bus();
  const seen = collectMessages();
  await bus.subscribe(t.topic, seen.handle, { concurrency: 1, from });
  if (count > 0) {
    for (let n = 1; n <= count; n++) await bus.publish(t.topic, `old ${n}`, { key });
    await t.eventually(() => seen.size === count, 'what is there is handled');
    await bus.idle();
  }
  await bus.close();
}

/** The group comes back: everything that the log holds now is handled. */
async function readsAll(
  t: Scenario,
  expected: readonly string[],
  isTold = true,
): Promise<Collector<unknown>> {
  const { bus, told } = await telling(t);
  const seen = collectMessages();
  await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
  await bus.publish(t.topic, 'newest', { key, timeout: LONG });
  await t.eventually(() => texts(seen).includes('newest'), 'the newest is handled');
  assert.deepEqual(texts(seen), [...expected, 'newest']);
  if (isTold)
    assert.ok(
      told.some((line) => line.includes(t.topic)),
      `nothing was told: ${told.join('; ')}`,
    );
  return seen as Collector<unknown>;
}

/** Recreated, trimmed and overrun logs: a position outside the log skips no message silently. */
export const positions: Group = ({ prove }) => {
  prove(
    ['log.recreate'],
    [restartable, ordering],
    'a topic that is made anew under a subscription: all of the new one is handled, in order',
    async (t) => {
      const { bus, told } = await telling(t);
      const history = new History();
      await bus.subscribeEnvelope<EventPayload>(t.topic, ({ aggregateId, payload }) =>
        history.handle(aggregateId, payload.sequence),
      );
      const publish = async (from: number, to: number) => {
        for (let sequence = from; sequence <= to; sequence++) {
          await bus.publishEnvelope(t.topic, event('a', sequence), { timeout: LONG, retries: 20 });
          history.accept('a', sequence);
        }
      };
      await publish(1, 20);
      await t.eventually(() => history.isComplete, 'the old one is handled');
      await bus.idle();
      await t.log.recreate(t.topic);
      await publish(21, 30);
      await t.eventually(() => history.isComplete, 'the new one is handled');
      await publish(31, 60);
      await t.eventually(() => history.isComplete, 'the new one is handled beyond the old position');
      history.check();
      assert.ok(
        told.some((line) => line.includes(t.topic)),
        'nothing was told',
      );
    },
  );

  prove(
    ['log.recreate'],
    [restartable, ordering],
    'a topic that is made anew while events of it are in hand: those of the new one are not taken for them',
    async (t) => {
      const bus = await t.bus();
      const stuck = t.gate();
      const handled: string[] = [];
      await bus.subscribeEnvelope<EventPayload>(t.topic, async ({ aggregateId, payload }) => {
        if (aggregateId === 'old') await stuck.promise;
        handled.push(`${aggregateId}#${payload.sequence}`);
      });
      for (const sequence of [1, 2]) await bus.publishEnvelope(t.topic, event('old', sequence));
      await t.log.recreate(t.topic);
      for (const sequence of [1, 2, 3])
        await bus.publishEnvelope(t.topic, event('new', sequence), { timeout: LONG, retries: 20 });
      await t.eventually(
        () => handled.filter((one) => one.startsWith('new')).length >= 3,
        'the new ones are handled',
      );
      stuck.resolve();
      await bus.idle({ timeout: LONG });
      assert.deepEqual(
        [...new Set(handled.filter((one) => one.startsWith('new')))],
        ['new#1', 'new#2', 'new#3'],
      );
      // All of the new log is settled.
      await bus.close();
      const again: string[] = [];
      const next = await t.bus();
      await next.subscribeEnvelope<EventPayload>(t.topic, ({ aggregateId, payload }) => {
        again.push(`${aggregateId}#${payload.sequence}`);
      });
      await next.publishEnvelope(t.topic, event('new', 4), { timeout: LONG });
      await t.eventually(() => again.includes('new#4'), 'the group goes on');
      assert.deepEqual(again, ['new#4']);
    },
  );

  for (const [what, count] of [
    ['longer', 3],
    ['shorter', 20],
  ] as const) {
    prove(
      ['log.recreate', 'log.write'],
      restartable,
      `a topic that is made anew while the group is away, the old one ${what === 'longer' ? 'shorter' : 'longer'}: it is read from its beginning`,
      async (t) => {
        await readAndLeave(t, count);
        await t.log.recreate(t.topic);
        const written = Array.from({ length: 5 }, (_, i) => `new ${i + 1}`);
        for (const value of written) await t.log.write(t.topic, { value, key });
        await readsAll(t, written, false);
      },
    );
  }

  prove(
    ['log.recreate', 'log.write'],
    restartable,
    "'latest' that was pinned in a log that is gone: the new one is read from its beginning",
    async (t) => {
      const before = await t.bus();
      for (let n = 1; n <= 5; n++) await before.publish(t.topic, `old ${n}`, { key });
      await readAndLeave(t, 0, 'latest');
      await t.log.recreate(t.topic);
      for (const value of ['new 1', 'new 2']) await t.log.write(t.topic, { value, key });
      await readsAll(t, ['new 1', 'new 2'], false);
    },
  );

  prove(
    ['log.trim', 'log.write'],
    restartable,
    "a log that was cut beyond the group's position: reading goes on with the oldest that is left",
    async (t) => {
      await readAndLeave(t, 3);
      for (let n = 1; n <= 6; n++) await t.log.write(t.topic, { value: `missed ${n}`, key });
      await t.log.trim(t.topic, 2);
      await readsAll(t, ['missed 5', 'missed 6'], false);
    },
  );

  prove(
    ['log.overrun', 'log.stored'],
    restartable,
    'a position beyond the end of the log is told, and the log is read from its beginning',
    async (t) => {
      await readAndLeave(t, 3);
      const [member] = [await t.bus()];
      const { group = t.service } = await member.subscribe(t.topic, () => {});
      await member.close();
      await t.log.overrun(t.topic, group);
      await readsAll(t, ['old 1', 'old 2', 'old 3']);
    },
  );

  prove(
    ['log.recreate', 'log.write'],
    [restartable, declares('lag')],
    'what a new log holds counts as lag, whatever the old position was',
    async (t) => {
      await readAndLeave(t, 10);
      await t.log.recreate(t.topic);
      for (let n = 1; n <= 4; n++) await t.log.write(t.topic, { value: `new ${n}`, key });
      const bus = await t.bus({
        config: { subscriber: { backlogDetection: { enabled: true, checkInterval: '100ms' } } },
      });
      const stuck = t.gate();
      await bus.subscribe(t.topic, () => stuck.promise, { concurrency: 1 });
      await t.eventually(() => {
        const state = bus.backlog.subscriber.states().find(({ topic }) => topic === t.topic);
        return state !== undefined && 'lagCount' in state && state.lagCount === 4;
      }, 'a lag of 4');
    },
  );
};
