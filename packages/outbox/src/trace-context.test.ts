import { createEventBus, EbusError, type Envelope, type EventBus, type HandlerContext } from '@ebus/core';
import { memory } from '@ebus/memory';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { MemoryOutboxStore, memoryTransaction, OutboxRelay, outboxed } from './index.js';

const topic = 'shop.orders';
const exporter = new InMemorySpanExporter();
let bus: EventBus;
let seen: { envelope: Envelope; context: HandlerContext; baggage: string | undefined }[];

beforeAll(() => {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
});
afterAll(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});
beforeEach(async () => {
  exporter.reset();
  bus = await createEventBus(
    { type: 'memory', serviceName: 'shop', tracing: { baggage: true } },
    { plugins: [memory] },
  );
  seen = [];
  await bus.subscribeEnvelope(topic, (envelope, handlerContext) => {
    const baggage = propagation.getActiveBaggage()?.getEntry('customer')?.value;
    seen.push({ envelope, context: handlerContext, baggage });
  });
});
afterEach(() => bus.close());

const input = { aggregateId: 'a', eventType: 'OrderPlaced', eventVersion: 1, payload: {} };

it('an event is published in the trace of its transaction, baggage included, whatever is active in the relay', async () => {
  const store = new MemoryOutboxStore();
  const outbox = outboxed(bus, store);
  const tracer = trace.getTracer('test');
  const baggage = propagation.createBaggage({ customer: { value: '771' } });
  const request = tracer.startSpan('place order');
  await context.with(propagation.setBaggage(trace.setSpan(context.active(), request), baggage), () =>
    memoryTransaction((tx) => outbox.publishEnvelope(tx, topic, input)),
  );
  request.end();
  await tracer.startActiveSpan('relay', async (span) => {
    await new OutboxRelay({ bus, store }).runOnce();
    span.end();
  });
  await bus.idle();
  const { traceId } = request.spanContext();
  expect(seen).toMatchObject([{ envelope: { traceId }, baggage: '771' }]);
  const spanOf = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name);
  const [relay, send] = [spanOf(`relay ${topic}`), spanOf(`send ${topic}`)];
  expect(relay).toMatchObject({
    parentSpanContext: { traceId, spanId: request.spanContext().spanId },
    links: [{ context: { spanId: spanOf('relay')?.spanContext().spanId } }],
    attributes: {
      'messaging.destination.name': topic,
      'messaging.message.id': seen[0]?.envelope.eventId,
      'ebus.attempt': 1,
    },
  });
  expect(send?.parentSpanContext?.spanId).toBe(relay?.spanContext().spanId);
  expect(seen[0]?.context.message.headers.getAll('traceparent')).toHaveLength(1);
  expect(seen[0]?.context.message.headers.get('traceparent')).toContain(traceId);
});

it('a publish that fails shows on the span of the relay, and the next one has the next number', async () => {
  const store = new MemoryOutboxStore();
  await memoryTransaction((tx) => outboxed(bus, store).publishEnvelope(tx, topic, input));
  let refused = 0;
  const failing = {
    connection: bus.connection,
    health: bus.health,
    on: bus.on.bind(bus),
    publishEnvelope: (...args: Parameters<EventBus['publishEnvelope']>) =>
      refused++ === 0
        ? Promise.reject(new EbusError('away', { code: 'PUBLISH_FAILED', retryable: true }))
        : bus.publishEnvelope(...args),
  };
  const relay = new OutboxRelay({ bus: failing as EventBus, store, retryBackoff: { base: 1, max: 1 } });
  while (seen.length === 0) await relay.runOnce();
  const spans = exporter.getFinishedSpans().filter(({ name }) => name === `relay ${topic}`);
  expect(spans).toMatchObject([
    { status: { code: 2 }, attributes: { 'ebus.attempt': 1, 'error.type': 'PUBLISH_FAILED' } },
    { status: { code: 0 }, attributes: { 'ebus.attempt': 2 } },
  ]);
});

it('makes no spans of its own where that is not wanted', async () => {
  const store = new MemoryOutboxStore();
  await memoryTransaction((tx) => outboxed(bus, store).publishEnvelope(tx, topic, input));
  await new OutboxRelay({ bus, store, tracing: false }).runOnce();
  await bus.idle();
  const names = exporter.getFinishedSpans().map(({ name }) => name);
  expect(names).toContain(`send ${topic}`);
  expect(names).not.toContain(`relay ${topic}`);
});

it('correlation, tenant and headers travel from the transaction to the handler', async () => {
  const store = new MemoryOutboxStore();
  await memoryTransaction((tx) =>
    outboxed(bus, store).publishEnvelope(
      tx,
      topic,
      { ...input, correlationId: 'checkout-1', tenantId: 7, traceId: 'mine' },
      { headers: { origin: ['web', 'again'] } },
    ),
  );
  await new OutboxRelay({ bus, store }).runOnce();
  await bus.idle();
  expect(seen).toMatchObject([{ envelope: { correlationId: 'checkout-1', tenantId: 7, traceId: 'mine' } }]);
  expect(seen[0]?.context.message.headers.getAll('origin')).toEqual(['web', 'again']);
});

it('what a handler saves inherits correlation and tenant of what it handles', async () => {
  const store = new MemoryOutboxStore();
  const outbox = outboxed(bus, store);
  await bus.subscribeEnvelope(
    'shop.payments',
    () => memoryTransaction((tx) => outbox.publishEnvelope(tx, topic, input)),
    { group: 'orders' },
  );
  await bus.publishEnvelope('shop.payments', { ...input, correlationId: 'checkout-1', tenantId: 7 });
  await bus.idle();
  await new OutboxRelay({ bus, store }).runOnce();
  await bus.idle();
  expect(seen).toMatchObject([{ envelope: { correlationId: 'checkout-1', tenantId: 7 } }]);
});
