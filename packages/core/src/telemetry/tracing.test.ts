import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { CommonConfig } from '../config/types.js';
import { headerText } from '../headers.js';
import { recordedSpans } from '../testing/recorded-spans.js';
import { type ScriptedBus, scriptedBus, settle } from '../testing/scripted-bus.js';

const event = { aggregateId: 'order-1', eventType: 'OrderCreated', eventVersion: 1, payload: {} };
const remote = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const headersOf = ({ driver }: ScriptedBus, index = 0) =>
  Object.fromEntries(
    (driver.sends[index]?.record.headers ?? []).map(([name, value]) => [name, headerText(value)]),
  );

it('does nothing without an SDK', async () => {
  const scripted = await scriptedBus();
  void scripted.bus.publishEnvelope('orders', event);
  expect(headersOf(scripted)).not.toHaveProperty('traceparent');
  expect(headersOf(scripted)).not.toHaveProperty('X-Trace-ID');
});

describe('with an SDK', () => {
  const recorded = recordedSpans();
  const { tracer } = recorded;

  /** Publishes one event, hands what was sent to a subscription, and returns the spans. */
  async function roundTrip(config: CommonConfig = {}, handle = () => {}) {
    const scripted = await scriptedBus(config);
    const { bus, driver } = scripted;
    const subscription = await bus.subscribeEnvelope('orders', handle, {
      onExhausted: 'discard',
      maxRetries: 0,
    });
    const sent = tracer.startActiveSpan('request', (span) => {
      const publishing = bus.publishEnvelope('orders', event);
      span.end();
      return publishing;
    });
    const record = driver.sends[0]!.record;
    driver.sends[0]?.ack();
    await sent;
    driver.subscriptions[0]?.deliver({ key: 'order-1', value: record.value, headers: record.headers });
    await settle();
    const spans = Object.fromEntries(recorded.all().map((span) => [span.name, span]));
    return { ...scripted, subscription, spans };
  }

  it('makes a send span, injects its context, and gives the envelope its trace id', async () => {
    const trip = await roundTrip();
    const { request, 'send orders': send } = trip.spans;
    const traceId = request?.spanContext().traceId;
    expect(send).toMatchObject({ kind: SpanKind.PRODUCER });
    expect(send?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(headersOf(trip).traceparent).toBe(`00-${traceId}-${send?.spanContext().spanId}-01`);
    expect(headersOf(trip)['X-Trace-ID']).toBe(traceId);
    expect(JSON.parse(trip.driver.sends[0]!.text)).toMatchObject({ trace_id: traceId });
    expect(send?.attributes).toMatchObject({
      'messaging.system': 'scripted',
      'messaging.destination.name': 'orders',
    });
  });

  it("makes a process span below the producer's, active while the handler runs", async () => {
    let inside: string | undefined;
    const { spans } = await roundTrip({}, () => {
      inside = trace.getActiveSpan()?.spanContext().spanId;
    });
    const { 'send orders': send, 'process orders': process } = spans;
    expect(process).toMatchObject({ kind: SpanKind.CONSUMER });
    expect(process?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId);
    expect(inside).toBe(process?.spanContext().spanId);
    expect(process?.attributes).toMatchObject({ 'messaging.consumer.group.name': 'ebus' });
  });

  it('links instead, in a trace of its own, where that is configured', async () => {
    const { spans } = await roundTrip({ tracing: { consumer: 'link' } });
    const { 'send orders': send, 'process orders': process } = spans;
    expect(process?.parentSpanContext).toBeUndefined();
    expect(process?.links[0]?.context.spanId).toBe(send?.spanContext().spanId);
    expect(process?.spanContext().traceId).not.toBe(send?.spanContext().traceId);
  });

  it('records failures on both spans', async () => {
    const { spans } = await roundTrip({}, () => {
      throw new Error('out of stock');
    });
    expect(spans['process orders']).toMatchObject({ status: { code: 2, message: 'out of stock' } });
    expect(spans['process orders']?.attributes['error.type']).toBe('Error');
  });

  it('makes no spans at sample rate 0, and the context travels all the same', async () => {
    let inside: string | undefined;
    const trip = await roundTrip({ tracing: { sampleRate: 0 } }, () => {
      inside = trace.getActiveSpan()?.spanContext().traceId;
    });
    const request = trip.spans.request?.spanContext();
    expect(Object.keys(trip.spans)).toEqual(['request']);
    expect(headersOf(trip).traceparent).toBe(`00-${request?.traceId}-${request?.spanId}-01`);
    expect(inside).toBe(request?.traceId);
  });

  it('does nothing where it is switched off', async () => {
    const trip = await roundTrip({ tracing: { enabled: false } });
    expect(Object.keys(trip.spans)).toEqual(['request']);
    expect(headersOf(trip)).not.toHaveProperty('traceparent');
  });

  it('keeps the baggage of a message from the handler and from what it publishes, unless that is wanted', async () => {
    const { bus, driver } = await scriptedBus({ tracing: { sampleRate: 0, consumer: 'link' } });
    let seen: string | undefined = 'none';
    await bus.subscribe('orders', async () => {
      seen = propagation.getActiveBaggage()?.getEntry('role')?.value;
      void bus.publish('out', 'x');
    });
    const headers: [string, string][] = [
      ['traceparent', remote],
      ['baggage', 'role=admin'],
    ];
    driver.subscriptions[0]?.deliver({ value: 'x', headers });
    await settle();
    expect(seen).toBeUndefined();
    const sent = Object.fromEntries(driver.sends[0]?.record.headers ?? []);
    expect(sent).not.toHaveProperty('baggage');
  });

  it('carries baggage, replaces an older context, and reads header names in any case', async () => {
    const scripted = await scriptedBus({ tracing: { sampleRate: 0, baggage: true } });
    const { bus, driver } = scripted;
    let seen: string | undefined;
    await bus.subscribe('orders', () => {
      seen = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
    });
    const headers: [string, string][] = [
      ['TraceParent', remote],
      ['Baggage', 'tenant=blue'],
    ];
    driver.subscriptions[0]?.deliver({ value: 'x', headers });
    await settle();
    expect(seen).toBe('blue');

    const baggage = propagation.createBaggage({ tenant: { value: 'green' } });
    tracer.startActiveSpan('request', () => {
      context.with(propagation.setBaggage(context.active(), baggage), () => {
        void bus.publish('orders', 'x', { headers });
      });
    });
    const sent = (driver.sends[0]?.record.headers ?? []).map(([name]) => name);
    expect(sent).toEqual(['traceparent', 'baggage']);
    expect(headersOf(scripted)).toMatchObject({ baggage: 'tenant=green' });
    expect(headersOf(scripted).traceparent).not.toBe(remote);
  });

  it('keeps the original context on a dead letter', async () => {
    const { bus, driver } = await scriptedBus();
    const fail = () => {
      throw new Error('no');
    };
    await bus.subscribe('orders', fail, { maxRetries: 0 });
    driver.subscriptions[0]?.deliver({ value: 'x', headers: [['traceparent', remote]] });
    await settle();
    expect(driver.sends[0]?.record.headers.filter(([name]) => name === 'traceparent')).toEqual([
      ['traceparent', remote],
    ]);
  });
});
