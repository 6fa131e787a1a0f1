import { describe, expect, it } from 'vitest';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError } from '../testing/scripted-driver.js';
import { RESULTS_BUFFER } from './publish-results.js';

const event = (id: number) => ({
  eventId: `e-${id}`,
  aggregateId: `order-${id % 7}`,
  eventType: 'OrderCreated',
  eventVersion: 1,
  payload: { id },
});

describe('publishResults', () => {
  it('has the log say at the end that nobody has begun to read that publishes failed', async () => {
    const { bus, driver, logged } = await scriptedBus({
      publisher: { errorHandling: { maxRetryAttempts: 0 } },
    });
    const unread = bus.publishResults();
    void bus.publishEnvelope('orders', event(1));
    driver.sends[0]?.fail(clientError('refused', false));
    await bus.flush();
    await bus.close();
    const warned = logged.filter(({ level }) => level === 'warn');
    expect(warned.map(({ args }) => args)).toEqual([[{ failed: 1 }, expect.stringContaining('the bus was')]]);
    expect((await unread.next()).value).toMatchObject({ ok: false });
  });

  it('yields one result per envelope accepted after the call, failures included, and ends after close', async () => {
    const { bus, driver } = await scriptedBus({ publisher: { errorHandling: { maxRetryAttempts: 0 } } });
    void bus.publishEnvelope('orders', event(0));
    const results = bus.publishResults();
    void bus.publishEnvelope('orders', event(1));
    bus.publishEnvelope('orders', event(2)).catch(() => {});
    void bus.publish('orders', 'no envelope');
    driver.sends[0]?.ack();
    driver.sends[1]?.ack({ position: { offset: 7 } });
    driver.sends[2]?.fail(clientError('refused', false));
    driver.sends[3]?.ack();
    await bus.flush();
    await bus.close();
    const seen = [];
    for await (const result of results) seen.push(result);
    expect(seen).toMatchObject([
      {
        eventId: 'e-1',
        aggregateId: 'order-1',
        ok: true,
        receipt: { topic: 'orders', position: { offset: 7 } },
      },
      { eventId: 'e-2', ok: false, error: { code: 'PUBLISH_FAILED' } },
    ]);
  });

  it('holds publishing up when a reader does not read, says so after a second, and drops nothing', async () => {
    const { bus, driver, clock } = await scriptedBus({ publisher: { maxInFlight: 20_000 } });
    let stalled = 0;
    bus.on('resultsStalled', () => void stalled++);
    const results = bus.publishResults();
    for (let id = 0; id < RESULTS_BUFFER + 2; id++) void bus.publishEnvelope('orders', event(id));
    await settle();
    expect(driver.sends).toHaveLength(RESULTS_BUFFER);
    for (const send of driver.sends) send.ack();
    await settle();
    expect(driver.sends).toHaveLength(RESULTS_BUFFER);
    await clock.advance(1_000);
    expect(stalled).toBe(1);

    expect((await results.next()).value).toMatchObject({ eventId: 'e-0' });
    await settle();
    expect(driver.sends).toHaveLength(RESULTS_BUFFER + 1);
    for (const send of driver.sends) send.ack();
    const ids = ['e-0'];
    for (let read = 1; read < RESULTS_BUFFER + 2; read++) {
      ids.push((await results.next()).value?.eventId as string);
      driver.sends.at(-1)?.ack();
    }
    expect(ids).toEqual(Array.from({ length: RESULTS_BUFFER + 2 }, (_, id) => `e-${id}`));
  });

  it('rejects a publish that waited for a reader until its timeout, unsent', async () => {
    const { bus, driver, clock } = await scriptedBus({ publisher: { maxInFlight: 20_000 } });
    bus.publishResults();
    for (let id = 0; id < RESULTS_BUFFER; id++)
      void bus.publishEnvelope('orders', event(id), { timeout: '1h' });
    const late = bus.publishEnvelope('orders', event(-1), { timeout: 100 });
    const outcome = expect(late).rejects.toMatchObject({ code: 'RESULTS_BACKPRESSURE', retryable: true });
    await clock.advance(100);
    await outcome;
    expect(driver.sends).toHaveLength(RESULTS_BUFFER);
  });

  it('lets publishing go on when the reader is closed or aborted', async () => {
    const { bus, driver } = await scriptedBus({ publisher: { maxInFlight: 20_000 } });
    const controller = new AbortController();
    const aborted = bus.publishResults({ signal: controller.signal });
    const left = bus.publishResults();
    for (let id = 0; id <= RESULTS_BUFFER; id++) void bus.publishEnvelope('orders', event(id));
    await left.return?.();
    expect(driver.sends).toHaveLength(RESULTS_BUFFER);
    controller.abort();
    await settle();
    expect(driver.sends).toHaveLength(RESULTS_BUFFER + 1);
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
    expect(await bus.publishResults({ signal: controller.signal }).next()).toMatchObject({ done: true });
  });
});

describe('publishEnvelopes', () => {
  it('sends one event of an aggregate at a time where the client does not keep order over retries', async () => {
    const { bus, driver } = await scriptedBus();
    const report = bus.publishEnvelopes('orders', [1, 8, 2].map(event));
    await settle();
    expect(driver.sends.map(({ record }) => record.messageId)).toEqual(['orders:e-1', 'orders:e-2']);
    driver.sends[0]?.ack();
    await settle();
    expect(driver.sends.map(({ record }) => record.messageId)).toEqual([
      'orders:e-1',
      'orders:e-2',
      'orders:e-8',
    ]);
    driver.sends[1]?.ack();
    driver.sends[2]?.ack();
    expect(await report).toEqual({ published: 3, failed: [] });
  });

  it('reports later events of a failed aggregate unsent, and goes on with the others', async () => {
    const { bus, driver } = await scriptedBus({ publisher: { errorHandling: { maxRetryAttempts: 0 } } });
    const report = bus.publishEnvelopes('orders', [1, 8, 2].map(event));
    await settle();
    driver.sends[0]?.fail(clientError('refused', false));
    driver.sends[1]?.ack();
    const { published, failed } = await report;
    expect(published).toBe(1);
    expect(failed.map(({ eventId, ok }) => [eventId, ok])).toEqual([
      ['e-1', false],
      ['e-8', false],
    ]);
    expect(failed[1]).toMatchObject({ error: { retryable: true } });
    expect(driver.sends).toHaveLength(2);
  });

  it('keeps at most maxInFlight going, and takes an async iterable as it comes', async () => {
    const { bus, driver } = await scriptedBus();
    let taken = 0;
    async function* many() {
      for (; taken < 10; taken++) yield event(taken);
    }
    const report = bus.publishEnvelopes('orders', many(), { maxInFlight: 3 });
    await settle();
    expect(driver.sends).toHaveLength(3);
    expect(taken).toBe(3);
    for (let acked = 0; acked < 10; acked++) {
      await settle();
      driver.sends[acked]?.ack();
    }
    expect(await report).toEqual({ published: 10, failed: [] });
  });

  it('waits for what it has begun when the iterable throws, and rejects with that error', async () => {
    const { bus, driver } = await scriptedBus();
    function* broken() {
      yield event(1);
      throw new Error('cannot read on');
    }
    const report = bus.publishEnvelopes('orders', broken());
    const outcome = expect(report).rejects.toThrow('cannot read on');
    await settle();
    driver.sends[0]?.ack();
    await outcome;
    await expect(bus.publishEnvelopes('orders', [], { maxInFlight: 0 })).rejects.toThrow('maxInFlight');
  });
});

describe('a publish that nobody awaits, and that fails', () => {
  const unhandled = async (work: (made: Awaited<ReturnType<typeof scriptedBus>>) => unknown) => {
    const seen: unknown[] = [];
    const note = (error: unknown) => void seen.push(error);
    const before = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', note);
    const made = await scriptedBus();
    try {
      await work(made);
      await settle();
    } finally {
      process.removeListener('unhandledRejection', note);
      for (const listener of before) process.on('unhandledRejection', listener);
    }
    return { ...made, seen };
  };

  it('does not end the process where a reader is told, and still rejects for who awaits it', async () => {
    let awaited: unknown;
    let read: unknown;
    const { seen } = await unhandled(async ({ bus, driver }) => {
      const results = bus.publishResults();
      void bus.publishEnvelope('orders', event(1));
      const second = bus.publishEnvelope('orders', event(2));
      for (const send of driver.sends) send.fail(clientError('refused', false));
      awaited = await second.catch((error: unknown) => error);
      read = (await results.next()).value;
    });
    expect(seen).toEqual([]);
    expect(awaited).toMatchObject({ code: 'PUBLISH_FAILED' });
    expect(read).toMatchObject({ eventId: 'e-1', ok: false });
  });

  it('ends it where no reader is told: none, one that was closed, or only listeners of events', async () => {
    const { seen } = await unhandled(async ({ bus, driver }) => {
      bus.on('publishFailed', () => {});
      void bus.publishEnvelope('orders', event(1));
      const results = bus.publishResults();
      void bus.publishEnvelope('orders', event(2));
      await results.return?.();
      for (const send of driver.sends) send.fail(clientError('refused', false));
    });
    expect(seen).toHaveLength(2);
  });

  it('is logged where the reader is closed without reading that it failed', async () => {
    const { seen, logged } = await unhandled(async ({ bus, driver }) => {
      const results = bus.publishResults();
      void bus.publishEnvelope('orders', event(1));
      driver.sends[0]?.fail(clientError('refused', false));
      await settle();
      await results.return?.();
    });
    expect(seen).toEqual([]);
    expect(logged).toMatchObject([
      { level: 'warn', args: [{ failed: 1 }, expect.stringContaining('closed')] },
    ]);
  });
});

it('tells the events of a publish with the ids of the envelope', async () => {
  const { bus, driver } = await scriptedBus();
  const told: unknown[] = [];
  bus.on('published', (one) => void told.push(one));
  bus.on('publishFailed', (one) => void told.push(one));
  const full = { ...event(1), correlationId: 'c-1', tenantId: 7, traceId: 't-1' };
  void bus.publishEnvelope('orders', full);
  bus.publishEnvelope('orders', { ...full, aggregateId: 'b' }).catch(() => {});
  void bus.publish('orders', 'a', { key: 'k' });
  driver.sends[0]?.ack();
  driver.sends[1]?.fail(clientError('password=x', false));
  driver.sends[2]?.ack();
  await settle();
  const ids = {
    eventId: 'e-1',
    eventType: 'OrderCreated',
    correlationId: 'c-1',
    tenantId: 7,
    traceId: 't-1',
  };
  expect(told).toMatchObject([
    { topic: 'orders', key: 'order-1', aggregateId: 'order-1', ...ids },
    { topic: 'orders', key: 'b', ...ids, errorMessage: expect.stringContaining('password=***') },
    { topic: 'orders', key: 'k', eventId: undefined },
  ]);
});
