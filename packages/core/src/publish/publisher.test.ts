import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { EbusError, PublishError, PublishTimeoutError } from '../errors.js';
import type { PublishMiddleware, PublishReceipt } from '../pipeline/context.js';
import type { PublishRecord } from '../pipeline/message.js';
import { closed, scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError } from '../testing/scripted-driver.js';
import type { PublishJob } from './publish-job.js';

/** At most 100 ms: a random share of it. */
const shortBackoff = { publisher: { errorHandling: { retryBackoffBase: 100, retryBackoffMax: 100 } } };

/** The outcome so far: `pending`, or what the promise settled with. */
function watch<T>(promise: Promise<T>): {
  state: 'pending' | 'resolved' | 'rejected';
  value?: T;
  error?: unknown;
} {
  const seen: { state: 'pending' | 'resolved' | 'rejected'; value?: T; error?: unknown } = {
    state: 'pending',
  };
  promise.then(
    (value) => Object.assign(seen, { state: 'resolved', value }),
    (error: unknown) => Object.assign(seen, { state: 'rejected', error }),
  );
  return seen;
}

describe('the bound of publishes in flight', () => {
  it('keeps further publishes pending, unsent and in order, until there is room', async () => {
    const { bus, driver } = await scriptedBus({ publisher: { maxInFlight: 2 } });
    const outcomes = ['a', 'b', 'c', 'd'].map((text) => watch(bus.publish('orders', text)));
    await settle();
    expect(driver.texts).toEqual(['a', 'b']);
    driver.sends[1]?.ack();
    await settle();
    expect(driver.texts).toEqual(['a', 'b', 'c']);
    expect(outcomes.map(({ state }) => state)).toEqual(['pending', 'resolved', 'pending', 'pending']);
    for (const send of driver.sends) send.ack();
    await settle();
    expect(driver.texts).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes the advice of the driver where nothing is configured', async () => {
    const { bus, driver, clock } = await scriptedBus();
    expect(driver.maxInFlight).toBeUndefined();
    void bus.publish('orders', 'a').catch(() => {});
    expect(driver.texts).toEqual(['a']);
    await closed({ bus, clock }, { timeout: 0 });
  });

  it('holds the place of a publish that timed out until the driver is done with it', async () => {
    const { bus, driver, clock } = await scriptedBus({ publisher: { maxInFlight: 1 } });
    const first = watch(bus.publish('orders', 'a', { timeout: 50, retries: 0 }));
    const second = watch(bus.publish('orders', 'b', { timeout: 1000 }));
    await clock.advance(60);
    expect(first.error).toBeInstanceOf(PublishTimeoutError);
    expect(driver.texts).toEqual(['a']);
    driver.sends[0]?.fail(clientError('gone', true));
    await settle();
    expect(driver.texts).toEqual(['a', 'b']);
    driver.sends[1]?.ack();
    await settle();
    expect(second.state).toBe('resolved');
  });
});

describe('timeouts and aborts', () => {
  it('rejects an unacknowledged publish as retryable, saying that it may still arrive', async () => {
    const { bus, clock } = await scriptedBus();
    const outcome = watch(bus.publish('orders', 'a'));
    await clock.advance(9_999);
    expect(outcome.state).toBe('pending');
    await clock.advance(1);
    expect(outcome.error).toMatchObject({ code: 'PUBLISH_TIMEOUT', retryable: true });
    expect((outcome.error as Error).message).toContain('may still arrive');
  });

  it('never sends a publish whose time passed while it waited, and lets those behind it go', async () => {
    const { bus, driver, clock } = await scriptedBus({ publisher: { maxInFlight: 1 } });
    void bus.publish('orders', 'a', { timeout: 60_000 });
    const late = watch(bus.publish('orders', 'b', { timeout: 10 }));
    void bus.publish('orders', 'c', { timeout: 60_000 });
    await clock.advance(20);
    expect((late.error as Error).message).toContain('was not sent');
    driver.sends[0]?.ack();
    await settle();
    expect(driver.texts).toEqual(['a', 'c']);
  });

  it('rejects with ABORTED, at once where the signal was aborted before', async () => {
    const { bus, driver } = await scriptedBus();
    const controller = new AbortController();
    const outcome = watch(bus.publish('orders', 'a', { signal: controller.signal }));
    controller.abort(new Error('enough'));
    await settle();
    expect(outcome.error).toMatchObject({ code: 'ABORTED', name: 'AbortError' });
    await expect(bus.publish('orders', 'b', { signal: controller.signal })).rejects.toThrow(EbusError);
    expect(driver.texts).toEqual(['a']);
  });
});

it('puts one listener on a signal, however many publishes share it', async () => {
  const { bus, driver } = await scriptedBus();
  const { signal } = new AbortController();
  for (let i = 0; i < 50; i++) void bus.publish('orders', 'x', { signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const send of driver.sends) send.ack();
  await bus.flush();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

describe('retries', () => {
  it('tries retryable errors again with the same message id, as often as configured', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    const outcome = watch(bus.publish('orders', 'a', { messageId: 'm-1' }));
    for (let attempt = 1; attempt <= 4; attempt++) {
      expect(driver.sends).toHaveLength(attempt);
      driver.sends[attempt - 1]?.fail(clientError('not leader', true));
      await clock.advance(100);
    }
    expect(driver.sends.map((send) => send.record.messageId)).toEqual(Array(4).fill('orders:m-1'));
    expect(outcome.error).toBeInstanceOf(PublishError);
    expect(outcome.error).toMatchObject({
      retryable: true,
      cause: expect.objectContaining({ message: 'not leader' }),
    });
  });

  it('rejects at once with what failed where another attempt would come after the timeout', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    vi.spyOn(clock, 'random').mockReturnValue(0.95);
    const outcome = watch(bus.publish('orders', 'a', { timeout: 90 }));
    driver.sends[0]?.fail(clientError('not leader', true));
    await settle();
    vi.restoreAllMocks();
    expect(outcome.error).toMatchObject({ code: 'PUBLISH_FAILED', cause: { message: 'not leader' } });
  });

  it('does not retry what cannot succeed', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    const outcome = watch(bus.publish('orders', 'a'));
    driver.sends[0]?.fail(clientError('too large', false));
    await clock.advance(1_000);
    expect(driver.sends).toHaveLength(1);
    expect(outcome.error).toMatchObject({ code: 'PUBLISH_FAILED', retryable: false });
  });

  it('holds later publishes of the key back while one is retried; other keys go on', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    void bus.publish('orders', 'k1-a', { key: 'k1' });
    driver.sends[0]?.fail(clientError('busy', true));
    await settle();
    void bus.publish('orders', 'k1-b', { key: 'k1' });
    void bus.publish('orders', 'k2-a', { key: 'k2' });
    expect(driver.texts).toEqual(['k1-a', 'k2-a']);
    await clock.advance(100);
    expect(driver.texts).toEqual(['k1-a', 'k2-a', 'k1-a', 'k1-b']);
  });

  it('sends what a retry held back, however much that is', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    void bus.publish('orders', 'first', { key: 'k' });
    driver.sends[0]?.fail(clientError('not leader', true));
    await settle();
    for (let i = 0; i < 9_000; i++) void bus.publish('orders', String(i), { key: 'k' });
    await clock.advance(100);
    const behind = Array.from({ length: 9_000 }, (_, i) => String(i));
    expect(driver.texts).toEqual(['first', 'first', ...behind]);
    for (const send of driver.sends) send.ack();
    await bus.flush();
  });

  it('rejects instead of retrying once something later of the key has been sent', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    const first = watch(bus.publish('orders', 'a', { key: 'k' }));
    const second = watch(bus.publish('orders', 'b', { key: 'k' }));
    driver.sends[0]?.fail(clientError('busy', true));
    await clock.advance(1_000);
    expect(driver.texts).toEqual(['a', 'b']);
    expect(first.error).toMatchObject({ retryable: true });
    driver.sends[1]?.ack();
    await settle();
    expect(second.state).toBe('resolved');
  });

  it('leaves retrying to a client that does it itself', async () => {
    const { bus, driver, clock } = await scriptedBus(shortBackoff);
    driver.capability = { retriesInClient: true };
    const outcome = watch(bus.publish('payments', 'a'));
    driver.sends[0]?.fail(clientError('gave up', true));
    await clock.advance(1_000);
    expect(driver.sends).toHaveLength(1);
    expect(outcome.state).toBe('rejected');
  });

  it('holds no memory for keys whose publishes are over', async () => {
    const { bus, driver } = await scriptedBus();
    for (let i = 0; i < 100; i++) void bus.publish('orders', 'x', { key: `k${i}` });
    const { order } = (driver.sends[0]!.record as PublishJob).route;
    expect(order.size).toBe(100);
    for (const send of driver.sends) send.ack();
    await bus.flush();
    expect(order.size).toBe(0);
  });
});

describe('publish middleware', () => {
  it('keeps the order of a key although an earlier publish takes longer in it', async () => {
    const { bus, driver } = await scriptedBus();
    const gates = new Map<string, () => void>();
    bus.use({
      publish: async (record, next) => {
        await new Promise<void>((open) => gates.set(new TextDecoder().decode(record.value), open));
        return next();
      },
    });
    void bus.publish('orders', 'a', { key: 'k' });
    void bus.publish('orders', 'b', { key: 'k' });
    void bus.publish('orders', 'other', { key: 'l' });
    await settle();
    expect([...gates.keys()]).toEqual(['a', 'other']);
    gates.get('a')?.();
    await settle();
    gates.get('b')?.();
    await settle();
    expect(driver.texts).toEqual(['a', 'b']);
  });

  it('lets the next of a key go when one fails in it, or runs out of time behind it', async () => {
    const { bus, driver, clock } = await scriptedBus();
    let open = () => {};
    bus.use({
      publish: async (record, next) => {
        const text = new TextDecoder().decode(record.value);
        if (text === 'slow') {
          await new Promise<void>((resolve) => {
            open = resolve;
          });
        }
        if (text === 'refused') throw new Error('not allowed here');
        return next();
      },
    });
    void bus.publish('orders', 'slow', { key: 'k' });
    const late = watch(bus.publish('orders', 'late', { key: 'k', timeout: 50 }));
    const refused = watch(bus.publish('orders', 'refused', { key: 'k' }));
    void bus.publish('orders', 'last', { key: 'k' });
    await clock.advance(60);
    expect(late.error).toMatchObject({ code: 'PUBLISH_TIMEOUT' });
    open();
    await settle();
    expect(driver.texts).toEqual(['slow', 'last']);
    expect(refused.state).toBe('rejected');
    const { order } = (driver.sends[0]!.record as PublishJob).route;
    for (const send of driver.sends) send.ack();
    await settle();
    expect(order.size).toBe(0);
  });

  it('may answer itself, may fail the publish, and may call next only once', async () => {
    const { bus, driver } = await scriptedBus();
    bus.use({
      publish: async (record, next) => {
        if (record.topic === 'cached') return { topic: record.topic };
        if (record.topic === 'refused') throw new Error('not allowed here');
        await next();
        return next();
      },
    });
    await expect(bus.publish('cached', 'x')).resolves.toEqual({ topic: 'cached' });
    await expect(bus.publish('refused', 'x')).rejects.toThrow('not allowed here');
    const twice = watch(bus.publish('orders', 'x'));
    await settle();
    driver.sends[0]?.ack();
    await settle();
    expect((twice.error as Error).message).toContain('next() twice');
    expect(driver.sends).toHaveLength(1);
  });

  it('may put in bytes that it uses again', async () => {
    const { bus, driver } = await scriptedBus();
    const buffer = new Uint8Array(3);
    bus.use({
      publish: (record, next) => {
        record.value = buffer;
        return next();
      },
    });
    void bus.publish('orders', 'a');
    await settle();
    expect(driver.sends[0]?.record).toMatchObject({ value: buffer, ownsValue: false });
  });

  it('that never ends keeps its place and its key only until its publish has timed out', async () => {
    const { bus, driver, clock } = await scriptedBus({ publisher: { maxInFlight: 1 } });
    let goOn: () => Promise<unknown> = async () => {};
    bus.use({
      publish: async (record, next) => {
        const text = new TextDecoder().decode(record.value);
        if (text === 'after') await next();
        if (text === 'last') return next();
        goOn = next;
        return new Promise(() => {});
      },
    });
    const before = watch(bus.publish('orders', 'before', { key: 'k', timeout: 50 }));
    const after = watch(bus.publish('orders', 'after', { key: 'k', timeout: 100 }));
    const last = watch(bus.publish('orders', 'last', { key: 'k', timeout: 1_000 }));
    await clock.advance(60);
    expect([before.state, after.state]).toEqual(['rejected', 'pending']);
    await expect(goOn()).rejects.toThrow('given up');
    expect(driver.texts).toEqual(['after']);
    driver.sends[0]?.ack();
    await clock.advance(60);
    expect(after.state).toBe('rejected');
    expect(driver.texts).toEqual(['after', 'last']);
    driver.sends[1]?.ack();
    await settle();
    expect(last.state).toBe('resolved');
    expect((driver.sends[0]!.record as PublishJob).route.order.size).toBe(0);
  });

  it('that forgets to return the receipt settles the publish all the same', async () => {
    const { bus, driver } = await scriptedBus();
    const forgetful = async (record: PublishRecord, next: () => Promise<PublishReceipt>) => {
      if (record.topic === 'orders') await next();
    };
    bus.use({ publish: forgetful as unknown as PublishMiddleware });
    const outcome = watch(bus.publish('orders', 'a'));
    await settle();
    driver.sends[0]?.ack({ position: { offset: 7 } });
    await settle();
    expect(outcome.value).toEqual({ topic: 'orders', position: { offset: 7 } });
    await expect(bus.publish('swallowed', 'a')).rejects.toThrow(
      'neither called next() nor returned a receipt',
    );
  });
});

describe('rate limit', () => {
  it('lets the burst through, then one publish per token', async () => {
    const rateLimit = { enabled: true, ratePerSecond: 10, burstSize: 2 };
    const { bus, driver, clock } = await scriptedBus({ publisher: { rateLimit } });
    for (const text of ['a', 'b', 'c', 'd']) void bus.publish('orders', text);
    await settle();
    expect(driver.texts).toEqual(['a', 'b']);
    await clock.advance(100);
    expect(driver.texts).toEqual(['a', 'b', 'c']);
    await clock.advance(100);
    expect(driver.texts).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('flush', () => {
  it('waits for what was published before it, failed or not, and not for what came later', async () => {
    const { bus, driver } = await scriptedBus();
    bus.publish('orders', 'a').catch(() => {});
    void bus.publish('orders', 'b');
    const flushed = watch(bus.flush());
    void bus.publish('orders', 'c');
    await settle();
    driver.sends[1]?.ack();
    await settle();
    expect(flushed.state).toBe('pending');
    driver.sends[0]?.fail(clientError('no', false));
    await settle();
    expect(flushed.state).toBe('resolved');
  });
});

describe('the dead letter of an envelope that cannot be published', () => {
  const event = { aggregateId: 'order-1', eventType: 'OrderCreated', eventVersion: 1, payload: {} };
  const config = {
    publisher: { errorHandling: { deadLetterTopic: 'failed-publishes', maxRetryAttempts: 0 } },
  };

  it('is acknowledged before the promise rejects, and says what failed', async () => {
    const { bus, driver } = await scriptedBus(config);
    const outcome = watch(bus.publishEnvelope('orders', event));
    driver.sends[0]?.fail(clientError('broken', false));
    await settle();
    expect(outcome.state).toBe('pending');
    const letter = driver.sends[1]?.record;
    expect(letter?.topic).toBe('failed-publishes');
    expect(letter?.headers).toContainEqual(['X-Original-Topic', 'orders']);
    expect(letter?.headers).toContainEqual(['X-Error-Code', 'PUBLISH_FAILED']);
    driver.sends[1]?.ack();
    await settle();
    expect((outcome.error as Error).message).toContain('broken');
  });

  it('is tried once: its own failure only adds an event', async () => {
    const { bus, driver } = await scriptedBus(config);
    const outcome = watch(bus.publishEnvelope('orders', event));
    driver.sends[0]?.fail(clientError('broken', false));
    await settle();
    driver.sends[1]?.fail(clientError('broken too', false));
    await settle();
    expect(driver.sends).toHaveLength(2);
    expect((outcome.error as Error).message).toContain('broken');
  });
});

describe('close', () => {
  it('fails what is not acknowledged in time, counts it, and refuses what comes later', async () => {
    const { bus, driver, clock } = await scriptedBus();
    const outcome = watch(bus.publish('orders', 'a', { timeout: 120_000 }));
    const report = await closed({ bus, clock }, { timeout: 0 });
    expect(report).toEqual({ handled: 0, abandoned: 0, unpublished: 1, timedOut: true });
    expect(outcome.error).toMatchObject({ code: 'BUS_CLOSED' });
    expect(driver.closed).toBe(true);
    await expect(bus.publish('orders', 'b')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });
});
