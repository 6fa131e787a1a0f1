/** The state of a bus as the page shows it: questions to the bus, and nothing else. */
import { EbusError, type EventBus, type GroupFigures, type TopicFigures, UnsupportedError } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import type { Mask } from './mask.js';
import type {
  BrokerView,
  GroupView,
  HaltedView,
  HealthView,
  ParkedView,
  Snapshot,
  SubscriptionView,
  TopicView,
} from './types.js';
import { cut, PREVIEW_BYTES, payloadOf, placeOf } from './views.js';

/** The parts of a bus that the console asks. */
export type ConsoleSource = Pick<
  EventBus,
  'type' | 'serviceName' | 'connection' | 'inspect' | 'deadLetters'
> & { readonly health: Pick<EventBus['health'], 'report'> };

/** The group of redrives: what it has not settled waits. */
const REDRIVE_GROUP = 'ebus-redrive';
const MOST_TOPICS = 200;
const MOST_GROUPS = 50;
const MOST_HALTED = 100;
const MOST_PARKED = 200;
const AT_ONCE = 4;
const ERROR_CHARACTERS = 500;

/** Of this process; asks nobody. */
export function processView(
  bus: ConsoleSource,
  mask: Mask | undefined,
): Pick<Snapshot, 'connection' | 'subscriptions' | 'halted' | 'haltedMore'> {
  const { status, since, lastError } = bus.connection.state();
  const reports = bus.inspect.subscriptions();
  const halted = reports.flatMap((report) => report.halted.map((one) => ({ ...report, one })));
  return {
    connection: {
      status,
      since: since.toISOString(),
      ...(status === 'connected' || lastError === undefined ? {} : { error: reasonFor(lastError) }),
    },
    subscriptions: reports.map(
      ({ topic, group, deadLetterTopic, handledPerSecond, stats }): SubscriptionView => {
        const { inFlight, running, paused, halted: stopped, parked, received, handled } = stats;
        const { failedAttempts, retried, deadLettered, discarded, oldestInFlightMs } = stats;
        return {
          ...{ topic, group, deadLetterTopic, perSecond: handledPerSecond ?? null },
          ...{ inFlight, running, oldestMs: Math.round(oldestInFlightMs), paused, halted: stopped, parked },
          ...{ received, handled, failedAttempts, retried, deadLettered, discarded },
        };
      },
    ),
    halted: halted.slice(0, MOST_HALTED).map(({ topic, group, one }): HaltedView => {
      const { key, message, errorMessage, attempts, ageMs } = one;
      const error = cut(errorMessage, ERROR_CHARACTERS);
      const payload = payloadOf(message, mask, PREVIEW_BYTES);
      return {
        topic,
        group,
        key,
        position: placeOf(message),
        error,
        attempts,
        ageMs: Math.round(ageMs),
        payload,
      };
    }),
    haltedMore: Math.max(0, halted.length - MOST_HALTED),
  };
}

/** The report, without figures. */
export async function healthView(bus: ConsoleSource, signal: AbortSignal): Promise<HealthView> {
  const { status, draining, checks, business } = await bus.health.report({ signal });
  return {
    status,
    draining,
    checks: [...checks, ...business].map(({ name, status: found, reason }) => ({
      name,
      status: found,
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}

/** Topics with their groups. Those that this process subscribes to come first, and are asked for groups first. */
export async function brokerView(bus: ConsoleSource, signal: AbortSignal): Promise<BrokerView> {
  const all = await bus.inspect.topics({ signal });
  const own = new Set(
    bus.inspect.subscriptions().flatMap(({ topic, deadLetterTopic }) => [topic, deadLetterTopic]),
  );
  const deadLetterTopics = new Set(bus.inspect.subscriptions().map(({ deadLetterTopic }) => deadLetterTopic));
  const sorted = [...all].sort((a, b) => Number(own.has(b.name)) - Number(own.has(a.name)));
  const shown = sorted.slice(0, MOST_TOPICS);
  const topics = new Map(shown.map((topic) => [topic.name, viewOf(topic, deadLetterTopics)]));
  const names = shown.slice(0, MOST_GROUPS).map(({ name }) => name);
  const ask = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const view = topics.get(name) as TopicView;
      topics.set(name, await withGroups(bus, view, signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  const views = [...topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { topics: views, more: all.length - shown.length };
}

async function withGroups(bus: ConsoleSource, view: TopicView, signal: AbortSignal): Promise<TopicView> {
  try {
    const groups = await bus.inspect.groups(view.name, { signal });
    if (view.waiting === undefined) return { ...view, groups: groups.map(groupView) };
    const redriven = groups.find(({ group }) => group === REDRIVE_GROUP);
    const others = groups.filter((group) => group !== redriven).map(groupView);
    return { ...view, waiting: redriven?.lag ?? view.waiting, groups: others };
  } catch (error) {
    signal.throwIfAborted();
    return { ...view, groupsError: reasonFor(error) };
  }
}

function viewOf(figures: TopicFigures, deadLetterTopics: ReadonlySet<string>): TopicView {
  const { name, messages, bytes, newestAt, logs } = figures;
  const holdsLetters = name.endsWith('.dlq') || deadLetterTopics.has(name);
  return {
    name,
    messages: messages ?? null,
    bytes: bytes ?? null,
    ...(newestAt === undefined ? {} : { newestAt: newestAt.toISOString() }),
    partitions: logs.length,
    ...(holdsLetters ? { waiting: messages ?? 0 } : {}),
    groups: [],
  };
}

function groupView({ group, madeBy, members, lag, unsettled }: GroupFigures): GroupView {
  return { group, byEbus: madeBy === 'ebus', members: members ?? null, lag, unsettled: unsettled ?? null };
}

/** The parked keys of the dead-letter topics that have letters. Reads those topics. */
export async function parkedView(
  bus: ConsoleSource,
  deadLetterTopics: readonly string[],
  signal: AbortSignal,
): Promise<ParkedView[]> {
  const found: ParkedView[] = [];
  for (const deadLetterTopic of deadLetterTopics) {
    const keys = await bus.deadLetters.keys(deadLetterTopic, { limit: MOST_PARKED, signal });
    for (const { topic, group, key, letters, since, errorCode, errorMessage } of keys) {
      found.push({
        ...{ topic, deadLetterTopic, group, key, letters },
        ...(since === undefined ? {} : { since: since.toISOString() }),
        ...(errorCode === undefined ? {} : { code: errorCode }),
        ...(errorMessage === undefined ? {} : { error: cut(errorMessage, ERROR_CHARACTERS) }),
      });
    }
    if (found.length >= MOST_PARKED) break;
  }
  return found.slice(0, MOST_PARKED);
}

/** In words that may be shown. Only texts of ebus itself are. */
export function reasonFor(error: unknown): string {
  return EbusError.isInstance(error)
    ? cut(reasonOf(error), ERROR_CHARACTERS)
    : 'failed; the log of the process says why';
}

/** The transport cannot tell, and will not. */
export function isUnsupported(error: unknown): boolean {
  return UnsupportedError.isInstance(error);
}
