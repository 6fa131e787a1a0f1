import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { REMOTE, recordedSpans } from '../testing/recorded-spans.js';
import { closed, type ScriptedBus, scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';

const event = {
  aggregateId: 'order-1',
  eventType: 'OrderCreated',
  eventVersion: 1,
  payload: {},
  eventId: 'e-1',
  correlationId: 'checkout-7',
};
const fromElsewhere: [string, string][] = [['traceparent', REMOTE.traceparent]];

describe('spans', () => {
  const spans = recordedSpans();
  let scripted: ScriptedBus;
  afterEach(() => closed(scripted, { timeout: 0 }));

  function kafkaLike(): ScriptedDriver {
    const driver = new ScriptedDriver();
    return Object.assign(driver, {
      system: 'kafka',
      clientId: 'orders-1',
      server: { address: 'kafka-1', port: 9092 },
    });
  }

  it('have every attribute that the conventions require or recommend', async () => {
    scripted = await scriptedBus({}, { driver: kafkaLike() });
    const { bus, driver } = scripted;
    const sent = bus.publishEnvelope('orders', event);
    driver.sends[0]?.ack({ position: { partition: 3, offset: 41n } });
    await sent;
    const { value, headers } = driver.sends[0]!.record;
    await bus.subscribeEnvelope('orders', () => {}, { group: 'billing' });
    const position = { partition: 3, offset: 41 };
    driver.subscriptions[0]?.deliver({ key: 'order-1', value, headers, position });
    await settle();
    const common = {
      'messaging.system.name': 'kafka',
      'messaging.system': 'kafka',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.client.id': 'orders-1',
      'messaging.message.id': 'e-1',
      'messaging.message.conversation_id': 'checkout-7',
      'messaging.message.body.size': value.byteLength,
      'kafka.offset': 41,
      'kafka.message.key': 'order-1',
      'messaging.kafka.offset': 41,
      'messaging.kafka.message.key': 'order-1',
      'server.address': 'kafka-1',
      'server.port': 9092,
    };
    expect(spans.only('send orders').attributes).toEqual({
      ...common,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    });
    expect(spans.only('process orders').attributes).toEqual({
      ...common,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'billing',
      'ebus.attempt': 1,
    });
  });

  it('name a tombstone, and bytes as key by nothing', async () => {
    scripted = await scriptedBus({}, { driver: kafkaLike() });
    const { bus, driver } = scripted;
    await bus.subscribe('orders', () => {}, { group: 'billing' });
    driver.subscriptions[0]?.deliver({ key: new Uint8Array([255]), value: '', tombstone: true });
    await settle();
    const { attributes } = spans.only('process orders');
    expect(attributes).toMatchObject({
      'kafka.message.tombstone': true,
      'messaging.kafka.message.tombstone': true,
    });
    expect(attributes).not.toHaveProperty('kafka.message.key');
  });

  it("have names of ebus' own where the conventions of the broker have none", async () => {
    scripted = await scriptedBus({ serviceName: 'billing' });
    const { bus, driver } = scripted;
    await bus.subscribe('orders', () => {});
    driver.subscriptions[0]?.deliver({ key: 'a', value: '', tombstone: true, position: { offset: '171-9' } });
    await settle();
    expect(spans.only('process orders').attributes).toEqual({
      'messaging.system.name': 'scripted',
      'messaging.system': 'scripted',
      'messaging.destination.name': 'orders',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.client.id': 'billing',
      'messaging.consumer.group.name': 'billing',
      'messaging.message.body.size': 0,
      'ebus.attempt': 1,
      'ebus.offset': '171-9',
      'ebus.message.key': 'a',
      'ebus.message.tombstone': true,
    });
  });

  it('say how often a message was sent, and that the broker had it', async () => {
    scripted = await scriptedBus();
    const { bus, driver, clock } = scripted;
    const sent = bus.publish('orders', 'x', { messageId: 'm-1' });
    driver.sends[0]?.fail(clientError('away', true));
    await settle();
    await clock.advance(2_000);
    await settle();
    driver.sends[1]?.ack({ duplicate: true });
    await sent;
    expect(spans.only('send orders').attributes).toMatchObject({
      'ebus.attempts': 2,
      'ebus.duplicate': true,
    });
  });

  it('number the attempts; the dead letter is below the last one, and keeps the context of the event', async () => {
    scripted = await scriptedBus();
    const { bus, driver, clock } = scripted;
    const fail = () => {
      throw new TypeError('no');
    };
    await bus.subscribe('orders', fail, { maxRetries: 1, retryBackoff: { base: 10, jitter: false } });
    driver.subscriptions[0]?.deliver({
      value: 'x',
      key: 'order-1',
      headers: [...fromElsewhere, ['X-Event-ID', 'e-1']],
    });
    await settle();
    await clock.advance(10);
    await settle();
    driver.sends[0]?.ack();
    await settle();
    const [first, second, letter] = spans.all();
    for (const [index, attempt] of [first, second].entries()) {
      expect(attempt).toMatchObject({
        name: 'process orders',
        kind: SpanKind.CONSUMER,
        parentSpanContext: { traceId: REMOTE.traceId, spanId: REMOTE.spanId },
        status: { code: SpanStatusCode.ERROR, message: 'no' },
        attributes: { 'ebus.attempt': index + 1, 'error.type': 'TypeError', 'messaging.message.id': 'e-1' },
      });
    }
    expect(letter).toMatchObject({
      name: 'dead-letter orders.dlq',
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: second?.spanContext().spanId },
      links: [{ context: { spanId: REMOTE.spanId } }],
      attributes: {
        'messaging.operation.name': 'dead-letter',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders.dlq',
        'messaging.message.id': 'e-1',
        'messaging.message.body.size': 1,
        'ebus.message.key': 'order-1',
      },
    });
    expect(letter?.spanContext().traceId).toBe(REMOTE.traceId);
    expect(driver.sends[0]?.record.headers.filter(([name]) => name === 'traceparent')).toEqual(fromElsewhere);
  });

  it('show an attempt as failed whose handler returned after its timeout', async () => {
    scripted = await scriptedBus();
    const { bus, driver, clock } = scripted;
    const slow = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
    await bus.subscribe('orders', slow, { processingTimeout: '1s', maxRetries: 0, onExhausted: 'discard' });
    driver.subscriptions[0]?.deliver({ value: 'x' });
    await settle();
    expect(spans.all()).toEqual([]);
    await clock.advance(1_000);
    await settle();
    expect(spans.only('process orders')).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('1000 ms') },
      attributes: { 'error.type': 'PROCESSING_TIMEOUT' },
    });
  });

  it('name the event on every attempt, also where another producer has written no headers', async () => {
    scripted = await scriptedBus();
    const { bus, driver, clock } = scripted;
    const fail = () => Promise.reject(new Error('no'));
    await bus.subscribeEnvelope('orders', fail, {
      maxRetries: 1,
      retryBackoff: { base: 10, jitter: false },
      onExhausted: 'discard',
    });
    const body = { event_id: 'e-9', aggregate_id: 'a', event_type: 'T', event_version: 1, payload: {} };
    const value = JSON.stringify({ ...body, timestamp: '2024-05-06T07:08:09Z', correlation_id: 'c-9' });
    driver.subscriptions[0]?.deliver({ value });
    await settle();
    await clock.advance(10);
    await settle();
    const ids = { 'messaging.message.id': 'e-9', 'messaging.message.conversation_id': 'c-9' };
    expect(spans.all()).toMatchObject([{ attributes: ids }, { attributes: ids }]);
  });

  it('links the dead letter to the event where handling has a trace of its own', async () => {
    scripted = await scriptedBus({ tracing: { consumer: 'link' } });
    const { bus, driver } = scripted;
    await bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
    driver.subscriptions[0]?.deliver({ value: 'x', headers: fromElsewhere });
    await settle();
    driver.sends[0]?.ack();
    await settle();
    const attempt = spans.only('process orders');
    expect(spans.only('dead-letter orders.dlq')).toMatchObject({
      parentSpanContext: { traceId: attempt.spanContext().traceId, spanId: attempt.spanContext().spanId },
      links: [{ context: { traceId: REMOTE.traceId } }],
    });
  });

  it('puts the dead letter of a publish below it', async () => {
    scripted = await scriptedBus({
      publisher: { errorHandling: { deadLetterTopic: 'failed', maxRetryAttempts: 0 } },
    });
    const { bus, driver } = scripted;
    const sent = bus.publishEnvelope('orders', event);
    driver.sends[0]?.fail(clientError('refused', false));
    await settle();
    driver.sends[1]?.ack();
    await expect(sent).rejects.toThrow('refused');
    const send = spans.only('send orders');
    expect(send).toMatchObject({ status: { code: SpanStatusCode.ERROR } });
    expect(spans.only('dead-letter failed').parentSpanContext?.spanId).toBe(send.spanContext().spanId);
  });

  it('gives each event of a batch a context of its own, linked from the batch', async () => {
    scripted = await scriptedBus();
    const { bus, driver } = scripted;
    const report = spans.tracer.startActiveSpan('request', async (span) => {
      const publishing = bus.publishEnvelopes('orders', [
        { ...event, aggregateId: 'a' },
        { ...event, aggregateId: 'b', eventId: 'e-2' },
      ]);
      await settle();
      driver.sends[0]?.ack();
      driver.sends[1]?.fail(clientError('refused', false));
      const outcome = await publishing;
      span.end();
      return outcome;
    });
    expect(await report).toMatchObject({ published: 1, failed: [{ eventId: 'e-2' }] });
    const request = spans.only('request').spanContext().spanId;
    const creates = spans.all().filter(({ name }) => name === 'create orders');
    expect(creates).toMatchObject([
      {
        kind: SpanKind.PRODUCER,
        status: { code: SpanStatusCode.UNSET },
        attributes: { 'messaging.message.id': 'e-1' },
      },
      {
        kind: SpanKind.PRODUCER,
        status: { code: SpanStatusCode.ERROR },
        attributes: { 'messaging.message.id': 'e-2' },
      },
    ]);
    for (const [index, create] of creates.entries()) {
      const { traceId, spanId } = create.spanContext();
      expect(create.parentSpanContext?.spanId).toBe(request);
      expect(driver.sends[index]?.record.headers).toContainEqual([
        'traceparent',
        `00-${traceId}-${spanId}-01`,
      ]);
      expect(create.attributes).toMatchObject({
        'messaging.operation.name': 'create',
        'messaging.operation.type': 'create',
      });
    }
    expect(spans.only('send orders')).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: request },
      status: { code: SpanStatusCode.ERROR },
      links: creates.map((create) => ({ context: { spanId: create.spanContext().spanId } })),
      attributes: { 'messaging.batch.message_count': 2, 'messaging.operation.type': 'send' },
    });
  });

  it('shows a settlement that waits: below its message, or linked to several', async () => {
    scripted = await scriptedBus();
    const { bus, driver } = scripted;
    await bus.subscribe('orders', () => {});
    const subscription = driver.subscriptions[0]!;
    const confirm: (() => void)[] = [];
    const { settle: driverSettle } = subscription;
    subscription.settle = (done) => {
      driverSettle.call(subscription, done);
      return new Promise<void>((resolve, reject) => {
        confirm.push(resolve, () => reject(new Error('refused')));
      });
    };
    subscription.deliver({ value: '1', headers: fromElsewhere });
    await settle();
    expect(spans.all().map(({ name }) => name)).toEqual(['process orders']);
    confirm[0]?.();
    await settle();
    const [first] = spans.all();
    expect(spans.only('settle orders')).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: first?.spanContext().spanId },
      attributes: {
        'messaging.operation.name': 'settle',
        'messaging.operation.type': 'settle',
        'messaging.consumer.group.name': 'ebus',
      },
    });
    subscription.deliver({ value: '2', headers: fromElsewhere }, { value: '3' });
    await settle();
    confirm[3]?.();
    await settle();
    const [, , second, third, both] = spans.all();
    expect(both).toMatchObject({
      name: 'settle orders',
      status: { code: SpanStatusCode.ERROR, message: 'refused' },
      links: [second, third].map((span) => ({ context: { spanId: span?.spanContext().spanId } })),
      attributes: { 'messaging.batch.message_count': 2 },
    });
    expect(both?.parentSpanContext).toBeUndefined();
  });

  it('leave former names out where the conventions are opted into', async () => {
    process.env.OTEL_SEMCONV_STABILITY_OPT_IN = 'http,messaging';
    try {
      scripted = await scriptedBus({}, { driver: kafkaLike() });
    } finally {
      delete process.env.OTEL_SEMCONV_STABILITY_OPT_IN;
    }
    const { bus, driver } = scripted;
    await bus.subscribe('orders', () => {}, { group: 'g' });
    driver.subscriptions[0]?.deliver({ value: 'x', key: 'k', position: { partition: 0, offset: 7 } });
    await settle();
    const { attributes } = spans.only('process orders');
    expect(attributes).toMatchObject({ 'messaging.system.name': 'kafka', 'kafka.offset': 7 });
    expect(Object.keys(attributes).filter((name) => /^messaging\.(system$|kafka)/.test(name))).toEqual([]);
  });

  it('are not made for the probes of the bus', async () => {
    scripted = await scriptedBus({
      healthCheck: { enabled: true, publisher: {}, subscriber: { topic: 'probes' } },
    });
    const { driver } = scripted;
    await settle();
    while (driver.subscriptions[0]?.asking !== true) await settle();
    driver.subscriptions[0].deliver({ value: 'x', headers: fromElsewhere });
    for (const send of driver.sends) send.ack();
    await settle();
    expect(driver.subscriptions[0].settled).toHaveLength(1);
    expect(spans.all().map(({ name }) => name)).toEqual([]);
  });
});
