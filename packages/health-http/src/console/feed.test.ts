import { ConnectionError, type HealthReport, systemClock } from '@ebus/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { keptLogger, reportOf } from '../testing/sources.js';
import { Feed, MOST_WATCHERS } from './feed.js';
import type { ConsoleSource } from './snapshot.js';
import type { Snapshot } from './types.js';

/** Also on a machine that is busy. */
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000 });

interface Ask {
  readonly signal?: AbortSignal;
}

/** A bus whose answers a test decides; it counts the questions. */
function fakeBus() {
  const asked = { health: 0, topics: 0, keys: 0 };
  const answers = {
    topics: async (_?: Ask): Promise<unknown[]> => [],
    report: async (_?: Ask): Promise<HealthReport> => reportOf(),
  };
  const bus = {
    type: 'fake',
    serviceName: 'shop',
    connection: { state: () => ({ status: 'connected', since: new Date(0), reconnects: 0 }) },
    health: {
      report: (options?: Ask) => {
        asked.health++;
        return answers.report(options);
      },
    },
    inspect: {
      subscriptions: () => [],
      topics: (options?: Ask) => {
        asked.topics++;
        return answers.topics(options);
      },
      groups: async () => [],
    },
    deadLetters: {
      keys: async () => {
        asked.keys++;
        return [];
      },
    },
  } as unknown as ConsoleSource;
  return { bus, asked, answers };
}

/** Pauses are short: what is repeated is repeated at once. */
const clock = { ...systemClock, setTimeout: (fn: () => void) => systemClock.setTimeout(fn, 2) };

function feedOf(bus: ConsoleSource) {
  const { logger } = keptLogger();
  const feed = new Feed(bus, { mask: undefined, allowActions: false, traceLink: undefined, clock, logger });
  onTestFinished(() => feed.close());
  return feed;
}

it('looks at the bus while somebody watches, and not before or after', async () => {
  const { bus, asked } = fakeBus();
  const feed = feedOf(bus);
  expect(asked.topics).toBe(0);
  let last: Snapshot | undefined;
  const leave = feed.watch((json) => {
    last = JSON.parse(json);
  });
  const other = feed.watch(() => {});
  expect(last).toMatchObject({ service: 'shop', health: { state: 'waiting' }, broker: { state: 'waiting' } });
  await soon(() =>
    expect(last).toMatchObject({ health: { state: 'ok' }, broker: { state: 'ok' }, parked: { state: 'ok' } }),
  );
  leave?.();
  other?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { topics } = asked;
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(asked.topics).toBe(topics);
});

it('keeps the last answer of a broker that fails, and says why', async () => {
  const { bus, answers } = fakeBus();
  answers.topics = async () => [{ name: 'orders', logs: [] }];
  let last: Snapshot | undefined;
  feedOf(bus).watch((json) => {
    last = JSON.parse(json);
  });
  await soon(() => expect(last?.broker.state).toBe('ok'));
  answers.topics = () => Promise.reject(new ConnectionError('the broker does not answer'));
  await soon(() =>
    expect(last?.broker).toMatchObject({ state: 'failed', reason: 'the broker does not answer' }),
  );
  expect(last?.broker).toMatchObject({ value: { topics: [{ name: 'orders' }] } });
});

it('keeps its answers while no page is open: one that is loaded again does not begin with a failure', async () => {
  const { bus, answers } = fakeBus();
  const feed = feedOf(bus);
  const seen: Snapshot[] = [];
  const watch = () => feed.watch((json) => void seen.push(JSON.parse(json)));
  const states = () => seen.flatMap(({ broker, health }) => [broker.state, health.state]);
  const leave = watch();
  await soon(() => expect(new Set(states())).toContain('ok'));
  await soon(() => expect(seen.at(-1)).toMatchObject({ broker: { state: 'ok' }, health: { state: 'ok' } }));
  // Questions are under way when the page is closed.
  let asked = 0;
  const hangs = (signal?: AbortSignal) => {
    asked++;
    return new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  };
  answers.topics = (options) => hangs(options?.signal);
  answers.report = (options) => hangs(options?.signal);
  await soon(() => expect(asked).toBe(2));
  leave?.();
  await new Promise((resolve) => setImmediate(resolve));
  seen.length = 0;
  watch();
  expect(new Set(states())).toEqual(new Set(['ok']));
});

it('reads parked keys where a dead-letter topic has changed, and not again', async () => {
  const { bus, answers, asked } = fakeBus();
  let messages = 1;
  answers.topics = async () => [{ name: 'orders.dlq', messages, logs: [] }];
  feedOf(bus).watch(() => {});
  await soon(() => expect(asked.keys).toBe(1));
  const { topics } = asked;
  await soon(() => expect(asked.topics).toBeGreaterThan(topics + 5));
  expect(asked.keys).toBe(1);
  messages = 2;
  await soon(() => expect(asked.keys).toBe(2));
});

it('has so many who watch, and no more', () => {
  const feed = feedOf(fakeBus().bus);
  const leave = Array.from({ length: MOST_WATCHERS }, () => feed.watch(() => {}));
  expect(feed.watch(() => {})).toBeUndefined();
  leave[0]?.();
  expect(feed.watch(() => {})).toBeDefined();
});
