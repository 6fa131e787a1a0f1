import { describe, expect, it } from 'vitest';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';

const envelope = (aggregateId: string, version = 1) => ({
  key: aggregateId,
  value: JSON.stringify({
    event_id: `${aggregateId}-${version}`,
    aggregate_id: aggregateId,
    event_type: 'OrderCreated',
    event_version: version,
    timestamp: '2024-01-01T00:00:00Z',
    payload: {},
  }),
});

describe('settling', () => {
  it('settles a batch of synchronous handlers in one call, and asks for more', async () => {
    const { bus, driver } = await scriptedBus();
    await bus.subscribe('orders', () => {});
    const [subscription] = driver.subscriptions;
    subscription?.deliver({ token: 1, value: 'a' }, { token: 2, value: 'b' });
    await settle();
    expect(subscription?.settled).toEqual([
      { token: 1, outcome: 'handled' },
      { token: 2, outcome: 'handled' },
    ]);
    expect(subscription?.asking).toBe(true);
  });

  it('logs and counts a failed settling; the subscription goes on', async () => {
    const { bus, driver, logged } = await scriptedBus();
    const subscription = await bus.subscribe('orders', () => {});
    const [below] = driver.subscriptions;
    below!.settleError = new Error('connection lost');
    below?.deliver({ value: 'a' });
    await settle();
    expect(logged.map(({ level, args }) => [level, args[1]])).toEqual([
      ['error', 'settling failed; the messages may come again'],
    ]);
    expect(subscription.stats()).toMatchObject({ handled: 1, inFlight: 0 });
    expect(below?.asking).toBe(true);
  });
});

describe('deliveries', () => {
  it('beyond what the driver allows fail without an attempt, until somebody asks for one', async () => {
    const driver = new ScriptedDriver();
    driver.maxDeliveries = 2;
    const { bus } = await scriptedBus({}, { driver });
    const handled: string[] = [];
    const handler = (message: { text(): string }) => void handled.push(message.text());
    const subscription = await bus.subscribe('orders', handler, { onExhausted: 'halt' });
    driver.subscriptions[0]?.deliver(
      { token: 1, value: 'a', deliveryCount: 2 },
      { token: 2, value: 'b', deliveryCount: 3 },
      { token: 3, value: 'c' },
    );
    await settle();
    expect(handled).toEqual(['a']);
    expect(subscription.stats()).toMatchObject({ failedAttempts: 1, halted: 1 });
    subscription.retryHalted();
    await settle();
    expect(handled.sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('fetching', () => {
  it('reports what the driver says is wrong, and leaves trying again to it', async () => {
    const { bus, driver, logged } = await scriptedBus();
    const errors: unknown[] = [];
    bus.on('error', ({ source, error }) => void errors.push([source, error]));
    await bus.subscribe('orders', () => {});
    const [subscription] = driver.subscriptions;
    const error = new Error('the group refuses this member');
    subscription?.sink.failed(error);
    expect(logged[0]?.args[1]).toBe('fetching failed; trying again');
    expect(errors).toMatchObject([['receive', { code: 'SUBSCRIBE_FAILED', cause: error }]]);
    expect(subscription?.asking).toBe(true);
  });

  it('says so where the transport ends the subscription, and is idle from then on', async () => {
    const { bus, driver, logged } = await scriptedBus();
    await bus.subscribe('orders', () => {});
    driver.subscriptions[0]?.sink.ended();
    await bus.idle();
    expect(logged.map(({ level }) => level)).toEqual(['error']);
    expect(logged[0]?.args[1]).toContain('has ended the subscription');
    await bus.close();
    expect(logged).toHaveLength(1);
  });

  it('asks for no more than the window has room for, in messages and in bytes', async () => {
    const { bus, driver } = await scriptedBus({ keyedWorkerPool: { workerCount: 2, queueSize: 5 } });
    const gate = deferred();
    const subscription = await bus.subscribeEnvelope('orders', () => gate.promise);
    const [below] = driver.subscriptions;
    expect(below?.demands.at(-1)).toEqual({ messages: 5, bytes: 64 * 1024 * 1024 });
    const some = Array.from({ length: 6 }, (_, i) => envelope(`order-${i}`));
    below?.deliver(...some);
    await settle();
    const bytes = some.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    expect(below?.demands.at(-1)).toEqual({ messages: 4, bytes: 64 * 1024 * 1024 - bytes });
    below?.deliver(...Array.from({ length: 4 }, (_, i) => envelope(`order-${6 + i}`)));
    await settle();
    expect(below?.asking).toBe(false);
    expect(subscription.stats()).toMatchObject({ inFlight: 10, running: 2 });
    gate.resolve();
    await settle();
    expect(subscription.stats()).toMatchObject({ inFlight: 0, handled: 10 });
    expect(below?.asking).toBe(true);
  });

  it('stops at the window of bytes', async () => {
    const { bus, driver } = await scriptedBus();
    const gate = deferred();
    await bus.subscribe('files', () => gate.promise, { concurrency: 1 });
    const [below] = driver.subscriptions;
    below?.deliver({ value: new Uint8Array(64 * 1024 * 1024) });
    await settle();
    expect(below?.asking).toBe(false);
    gate.resolve();
    await settle();
    expect(below?.asking).toBe(true);
  });
});

describe('an aggregate with as many messages waiting as may', () => {
  const keyedWorkerPool = { workerCount: 8, queueSize: 3, waitTimeout: '500ms' } as const;

  it('has fetching wait for it, and for nobody sooner', async () => {
    const { bus, driver, clock, logged } = await scriptedBus({ keyedWorkerPool });
    const gates = new Map<string, ReturnType<typeof deferred<void>>>();
    const handled: string[] = [];
    const subscription = await bus.subscribeEnvelope('orders', async ({ eventId }) => {
      const gate = deferred<void>();
      gates.set(eventId, gate);
      await gate.promise;
      handled.push(eventId);
    });
    const [below] = driver.subscriptions;
    const asked = () => below?.demands.at(-1)?.messages;
    expect(asked()).toBe(3);
    below?.deliver(envelope('hot', 1), envelope('hot', 2), envelope('cold', 1));
    await settle();
    expect(asked()).toBe(2);
    below?.deliver(envelope('hot', 3), envelope('hot', 4));
    await settle();
    // One runs and three wait: the next message may be of that key.
    expect([below?.asking, subscription.stats().inFlight]).toEqual([false, 5]);
    await clock.advance(499);
    expect(logged).toEqual([]);
    await clock.advance(1);
    expect(logged).toMatchObject([
      {
        level: 'warn',
        args: [{ topic: 'orders', key: 'hot', waiting: 3, ms: 500 }, expect.stringContaining('queueSize')],
      },
    ]);
    gates.get('cold-1')?.resolve();
    await settle();
    expect(below?.asking).toBe(false);
    gates.get('hot-1')?.resolve();
    await settle();
    expect([below?.asking, asked()]).toEqual([true, 1]);
    for (const id of ['hot-2', 'hot-3', 'hot-4']) {
      gates.get(id)?.resolve();
      await settle();
    }
    expect(handled).toEqual(['cold-1', 'hot-1', 'hot-2', 'hot-3', 'hot-4']);
    await clock.advance(10_000);
    expect(logged).toHaveLength(1);
  });

  it('lets fetching go on when its next one starts because another gave its place up', async () => {
    const errorHandling = { retryBackoffBase: '1h', retryBackoffMax: '1h' } as const;
    const { bus, driver } = await scriptedBus({
      keyedWorkerPool: { queueSize: 3, workerCount: 2 },
      subscriber: { errorHandling },
    });
    const running = deferred<void>();
    await bus.subscribeEnvelope('orders', ({ aggregateId }) =>
      aggregateId === 'first' ? running.promise : new Promise(() => {}),
    );
    const [below] = driver.subscriptions;
    below?.deliver(envelope('busy'));
    await settle();
    below?.deliver(envelope('first'), envelope('hot', 1), envelope('hot', 2), envelope('hot', 3));
    await settle();
    expect(below?.asking).toBe(false);
    running.reject(new Error('again later'));
    await settle();
    expect([below?.asking, below?.demands.at(-1)?.messages]).toEqual([true, 1]);
  });
});

describe('leases', () => {
  it('are renewed three times per lease for running and queued messages alike, and no longer after close', async () => {
    const driver = new ScriptedDriver();
    driver.leaseMs = 3_000;
    const { bus, clock } = await scriptedBus({}, { driver });
    const gate = deferred();
    await bus.subscribeEnvelope('orders', () => gate.promise);
    const [below] = driver.subscriptions;
    below?.deliver(
      { token: 'running', ...envelope('order-1', 1) },
      { token: 'queued', ...envelope('order-1', 2) },
    );
    await clock.advance(2_000);
    expect(below?.extended).toEqual([
      ['running', 'queued'],
      ['running', 'queued'],
    ]);
    gate.resolve();
    await clock.advance(1_000);
    expect(below?.extended).toHaveLength(2);
    await bus.close();
    expect(clock.pending).toBe(0);
  });
});

describe('lanes', () => {
  it('are found by key, else by header, else in the body; what has none fails at once and holds nobody up', async () => {
    const { bus, driver } = await scriptedBus();
    const gate = deferred();
    const started: string[] = [];
    const subscription = await bus.subscribeEnvelope(
      'orders',
      async ({ aggregateId, eventVersion }) => {
        started.push(`${aggregateId}-${eventVersion}`);
        await gate.promise;
      },
      { onExhausted: 'discard' },
    );
    const { value } = envelope('order-1', 2);
    const [below] = driver.subscriptions;
    below?.deliver(
      envelope('order-1', 1),
      { value, headers: [['x-aggregate-id', 'order-1']] },
      { value: envelope('order-1', 3).value },
      { value: 'no envelope' },
      { value: 'no envelope either', headers: [['X-Aggregate-ID', 'order-1']] },
      envelope('order-2', 1),
    );
    await settle();
    expect(started).toEqual(['order-1-1', 'order-2-1']);
    expect(subscription.stats()).toMatchObject({ discarded: 1, inFlight: 5 });
    gate.resolve();
    await settle();
    expect(started).toEqual(['order-1-1', 'order-2-1', 'order-1-2', 'order-1-3']);
    expect(subscription.stats()).toMatchObject({ discarded: 2, handled: 4, inFlight: 0 });
  });
});

describe('rate limits', () => {
  it('space attempts out, of one subscription and of the whole bus', async () => {
    const { bus, driver, clock } = await scriptedBus({
      subscriber: { rateLimit: { enabled: true, ratePerSecond: 10, burstSize: 3 } },
    });
    const seen: string[] = [];
    const handler = (message: { text(): string }) => void seen.push(message.text());
    await bus.subscribe('slow', handler, { rateLimit: { perSecond: 1 } });
    await bus.subscribe('fast', handler);
    driver.subscriptions[0]?.deliver({ value: 's1' }, { value: 's2' });
    driver.subscriptions[1]?.deliver({ value: 'f1' }, { value: 'f2' }, { value: 'f3' });
    await settle();
    expect(seen).toEqual(['s1', 'f1', 'f2']);
    await clock.advance(100);
    expect(seen).toEqual(['s1', 'f1', 'f2', 'f3']);
    await clock.advance(900);
    expect(seen).toEqual(['s1', 'f1', 'f2', 'f3', 's2']);
  });
});

describe('an overrunning handler', () => {
  it('is reported a second after its timeout, holds its key, and fails its attempt when it returns', async () => {
    const { bus, driver, clock } = await scriptedBus();
    const events: string[] = [];
    bus.on('overrunning', ({ attempt }) => void events.push(`overrunning ${attempt}`));
    bus.on('handlerError', ({ error, action }) => void events.push(`${(error as Error).name} ${action}`));
    const gate = deferred();
    const options = { processingTimeout: '5s', maxRetries: 0, onExhausted: 'discard' } as const;
    const subscription = await bus.subscribeEnvelope('orders', () => gate.promise, options);
    driver.subscriptions[0]?.deliver(envelope('order-1', 1), envelope('order-1', 2));
    await clock.advance(5_999);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(['overrunning 1']);
    expect(subscription.stats()).toMatchObject({ running: 1, overrunning: 1, inFlight: 2 });
    gate.resolve();
    await settle();
    expect(events).toEqual(['overrunning 1', 'ProcessingTimeoutError discard']);
    expect(subscription.stats()).toMatchObject({ running: 0, overrunning: 0, handled: 1, discarded: 1 });
  });

  it('is overlapped only where that is permitted, and not before', async () => {
    const { bus, driver, clock } = await scriptedBus();
    const gate = deferred();
    const started: number[] = [];
    const subscription = await bus.subscribeEnvelope(
      'orders',
      ({ eventVersion }) => {
        started.push(eventVersion);
        return eventVersion === 1 ? gate.promise : undefined;
      },
      { processingTimeout: '5s', overlapAfter: '3s', maxRetries: 0, onExhausted: 'discard' },
    );
    driver.subscriptions[0]?.deliver(envelope('order-1', 1), envelope('order-1', 2));
    await clock.advance(7_999);
    expect(started).toEqual([1]);
    await clock.advance(1);
    expect(started).toEqual([1, 2]);
    expect(subscription.stats()).toMatchObject({ discarded: 1, handled: 1, running: 1, overrunning: 1 });
    gate.resolve();
    await settle();
    expect(subscription.stats()).toMatchObject({ discarded: 1, handled: 1, running: 0, overrunning: 0 });
  });
});

describe('closing while dead letters cannot be published', () => {
  it('gives them up at the deadline and hands their messages back in log order', async () => {
    const { bus, driver, clock } = await scriptedBus();
    const fail = () => {
      throw new Error('no');
    };
    await bus.subscribeEnvelope('orders', fail, { maxRetries: 0 });
    const [below] = driver.subscriptions;
    below?.deliver(
      { token: 1, ...envelope('order-1') },
      { token: 2, ...envelope('order-2') },
      { token: 3, ...envelope('order-1', 2) },
    );
    await settle();
    expect(driver.sends).toHaveLength(2);
    const closing = bus.close({ timeout: '2s' });
    await clock.advance(2_000);
    await clock.advance(1_000);
    expect(await closing).toMatchObject({ abandoned: 3, timedOut: true });
    expect(below?.settled).toEqual([1, 2, 3].map((token) => ({ token, outcome: 'released' })));
  });
});

describe('onError', () => {
  const verdicts = { nothing: undefined, 'no action': 'later', 'a promise': Promise.resolve('halt') };
  it.each(Object.entries(verdicts))('that returns %s leaves it to the default', async (_what, verdict) => {
    const { bus, driver, logged } = await scriptedBus();
    const fail = () => {
      throw new Error('no');
    };
    const onError = (() => verdict) as unknown as () => 'halt';
    const subscription = await bus.subscribe('orders', fail, {
      onError,
      maxRetries: 0,
      onExhausted: 'discard',
    });
    driver.subscriptions[0]?.deliver({ value: 'a' });
    await settle();
    expect(subscription.stats()).toMatchObject({ discarded: 1, inFlight: 0 });
    const said = logged.filter(({ level }) => level === 'error').map(({ args }) => args[1]);
    const complaint = 'onError returned no action; the default applies';
    const discarded = 'a message could not be handled and was discarded, as onExhausted or onError says';
    expect(said).toEqual(verdict === undefined ? [discarded] : [complaint, discarded]);
  });
});

it('does not wait for a message that halts while the subscription closes', async () => {
  const { bus, driver } = await scriptedBus();
  const gate = deferred();
  const subscription = await bus.subscribe('orders', () => gate.promise, {
    maxRetries: 0,
    onExhausted: 'halt',
  });
  driver.subscriptions[0]?.deliver({ token: 1, value: 'a' });
  await settle();
  const closing = subscription.close();
  gate.reject(new Error('no'));
  expect(await closing).toMatchObject({ abandoned: 1, timedOut: false });
  expect(driver.subscriptions[0]?.settled).toEqual([{ token: 1, outcome: 'released' }]);
});

describe('a handler that returns a thenable', () => {
  type Then = (resolve: () => void, reject: (error: Error) => void) => void;
  /** As query builders do it: the work begins with `then`. */
  const thenable = (then: Then) => Object.defineProperty({}, 'then', { value: then }) as Promise<void>;

  it('has not returned before that resolves, measured or not', async () => {
    for (const options of [{}, { metrics: new InMemoryMetricsCollector() }]) {
      const { bus, driver } = await scriptedBus({}, options);
      let finish = () => {};
      const handler = () =>
        thenable((resolve) => {
          finish = resolve;
        });
      const subscription = await bus.subscribe('orders', handler);
      driver.subscriptions[0]?.deliver({ value: 'a' });
      await settle();
      expect(subscription.stats()).toMatchObject({ running: 1, handled: 0 });
      finish();
      await settle();
      expect(subscription.stats()).toMatchObject({ running: 0, handled: 1 });
    }
  });

  it('fails once, also where that throws, or rejects twice', async () => {
    const throws: Then = () => {
      throw new Error('no');
    };
    const rejectsTwice: Then = (_resolve, reject) => {
      reject(new Error('no'));
      reject(new Error('no again'));
    };
    for (const then of [throws, rejectsTwice]) {
      const { bus, driver } = await scriptedBus();
      const options = { maxRetries: 0, onExhausted: 'discard' } as const;
      const subscription = await bus.subscribe('orders', () => thenable(then), options);
      driver.subscriptions[0]?.deliver({ value: 'a' });
      await settle();
      expect(subscription.stats()).toMatchObject({
        discarded: 1,
        failedAttempts: 1,
        inFlight: 0,
        running: 0,
      });
    }
  });
});

it('fails an attempt whose middleware calls next twice, and runs the handler once', async () => {
  const { bus, driver } = await scriptedBus();
  bus.use({ consume: async (_context, next) => void (await Promise.all([next(), next()])) });
  let runs = 0;
  const errors: unknown[] = [];
  bus.on('handlerError', ({ error }) => void errors.push(error));
  await bus.subscribe('orders', async () => void runs++, { maxRetries: 0, onExhausted: 'discard' });
  driver.subscriptions[0]?.deliver({ value: 'a' });
  await settle();
  expect(runs).toBe(1);
  expect(errors).toMatchObject([{ message: 'consume middleware called next() twice' }]);
});

it('closes although the broker never confirms what was settled', async () => {
  const { bus, driver, clock } = await scriptedBus();
  const subscription = await bus.subscribe('orders', () => {});
  const [below] = driver.subscriptions;
  Object.assign(below!, { settle: () => new Promise(() => {}) });
  below?.deliver({ value: 'a' });
  await settle();
  const closing = subscription.close();
  await clock.advance(10_000);
  expect(await closing).toMatchObject({ handled: 0, abandoned: 0 });
  expect(below?.closed).toBe(true);
  await bus.close();
  expect(clock.pending).toBe(0);
});

it('warns of no leak when many dead letters wait for their next try', async () => {
  const { bus, driver, clock } = await scriptedBus();
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  const fail = () => {
    throw new Error('no');
  };
  const subscription = await bus.subscribe('orders', fail, { maxRetries: 0, concurrency: 20 });
  driver.subscriptions[0]?.deliver(...Array.from({ length: 20 }, () => ({ value: 'a' })));
  await settle();
  for (const send of driver.sends) send.fail(clientError('broken', false));
  await settle();
  await clock.advance(200);
  expect(driver.sends).toHaveLength(40);
  for (const send of driver.sends) send.fail(clientError('broken', false));
  await settle();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
  const closing = subscription.close({ timeout: 0 });
  await clock.advance(1_000);
  expect(await closing).toMatchObject({ abandoned: 20 });
});
