/** Whatever a message says of its trace, and whatever an SDK does: messages are sent, handled and settled. */
import { propagation, type Span, type TextMapPropagator, trace } from '@opentelemetry/api';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import { REMOTE, recordedSpans } from '../testing/recorded-spans.js';
import { closed, type ScriptedBus, scriptedBus, settle } from '../testing/scripted-bus.js';

const { traceId, spanId } = REMOTE;
const zeros = '0'.repeat(32);

const MALFORMED: [string, [string, string | Uint8Array][]][] = [
  ['nothing', [['traceparent', '']]],
  ['a word', [['traceparent', 'hello']]],
  ['bytes that are no text', [['traceparent', new Uint8Array([0xff, 0xfe, 0x00])]]],
  ['a trace id of zeros', [['traceparent', `00-${zeros}-${spanId}-01`]]],
  ['a span id of zeros', [['traceparent', `00-${traceId}-0000000000000000-01`]]],
  ['version ff', [['traceparent', `ff-${traceId}-${spanId}-01`]]],
  ['capitals', [['traceparent', `00-${traceId.toUpperCase()}-${spanId}-01`]]],
  ['a short id', [['traceparent', `00-${traceId.slice(1)}-${spanId}-01`]]],
  ['letters that are no digits', [['traceparent', `00-${'z'.repeat(32)}-${spanId}-01`]]],
  ['a field too many', [['traceparent', `00-${traceId}-${spanId}-01-extra`]]],
  ['no flags', [['traceparent', `00-${traceId}-${spanId}`]]],
  ['a megabyte', [['traceparent', `00-${traceId}-${spanId}-01${'x'.repeat(1_000_000)}`]]],
  ['a line break', [['traceparent', `00-${traceId}\n-${spanId}-01`]]],
  ['only a tracestate', [['tracestate', '=,=,===']]],
  [
    'names of prototypes',
    [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ],
  ],
];

const TOLERATED: [string, [string, string | Uint8Array][]][] = [
  [
    'a tracestate that makes no sense',
    [
      ['traceparent', REMOTE.traceparent],
      ['tracestate', ',=,\u0000,a=b=c'],
    ],
  ],
  [
    'baggage that makes no sense',
    [
      ['traceparent', REMOTE.traceparent],
      ['baggage', '%%%;=,=;\u0000'],
    ],
  ],
  ['a version of the future', [['traceparent', `cc-${traceId}-${spanId}-01`]]],
  ['another name in capitals', [['TRACEPARENT', REMOTE.traceparent]]],
  ['bytes that are text', [['traceparent', new TextEncoder().encode(REMOTE.traceparent)]]],
];

describe('the context of a message', () => {
  const spans = recordedSpans();
  let scripted: ScriptedBus;
  afterEach(() => closed(scripted, { timeout: 0 }));

  async function handled(headers: [string, string | Uint8Array][]) {
    scripted = await scriptedBus({ tracing: { baggage: true } });
    const { bus, driver } = scripted;
    const subscription = await bus.subscribe('orders', async () => {
      void bus.publish('invoices', 'x');
    });
    driver.subscriptions[0]?.deliver({ value: 'x', headers });
    await settle();
    driver.sends[0]?.ack();
    await settle();
    expect(subscription.stats()).toMatchObject({ handled: 1, failedAttempts: 0 });
    expect(driver.subscriptions[0]?.settled).toMatchObject([{ outcome: 'handled' }]);
    const [send, process] = [spans.only('send invoices'), spans.only('process orders')];
    expect(send.spanContext().traceId).toBe(process.spanContext().traceId);
    expect(driver.sends[0]?.record.headers.map(([name]) => name)).toContain('traceparent');
    return process;
  }

  it.each(MALFORMED)('does no harm with %s: handling begins a trace', async (_, headers) => {
    const span = await handled(headers);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(traceId);
  });

  it.each(TOLERATED)('is taken with %s', async (_, headers) => {
    expect((await handled(headers)).parentSpanContext).toMatchObject({ traceId, spanId });
  });

  it('is not trusted for what a dead letter is below', async () => {
    scripted = await scriptedBus();
    const { bus, driver } = scripted;
    await bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
    driver.subscriptions[0]?.deliver({ value: 'x', headers: [['traceparent', `00-${zeros}-${spanId}-01`]] });
    await settle();
    driver.sends[0]?.ack();
    await settle();
    const { traceId: own } = spans.only('process orders').spanContext();
    expect(spans.only('dead-letter orders.dlq').spanContext().traceId).toBe(own);
  });
});

describe('an SDK that throws', () => {
  const broken = () => {
    throw new Error('the SDK is broken');
  };
  const processor: SpanProcessor = {
    onStart: broken,
    onEnd: broken,
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const propagator: TextMapPropagator = { inject: broken, extract: broken, fields: () => ['traceparent'] };
  afterEach(() => {
    trace.disable();
    propagation.disable();
  });

  it.each(['processor', 'propagator', 'tracer'])('changes no outcome: its %s', async (which) => {
    if (which === 'propagator') propagation.setGlobalPropagator(propagator);
    const provider = new BasicTracerProvider({ spanProcessors: which === 'processor' ? [processor] : [] });
    if (which === 'tracer')
      provider.getTracer = () => ({ startSpan: broken as () => Span, startActiveSpan: broken });
    trace.setGlobalTracerProvider(provider);
    const scripted = await scriptedBus();
    const { bus, driver } = scripted;
    let runs = 0;
    const handler = async () => {
      if (++runs === 2) throw new Error('no');
    };
    const subscription = await bus.subscribe('orders', handler, { maxRetries: 0 });
    const sent = bus.publish('orders', 'x');
    const many = bus.publishEnvelopes('orders', [
      { aggregateId: 'a', eventType: 'T', eventVersion: 1, payload: {} },
    ]);
    await settle();
    for (const send of driver.sends) send.ack();
    await expect(sent).resolves.toMatchObject({ topic: 'orders' });
    await expect(many).resolves.toMatchObject({ published: 1 });
    driver.subscriptions[0]?.deliver({ value: '1' }, { value: '2' });
    await settle();
    driver.sends.at(-1)?.ack();
    await settle();
    expect(subscription.stats()).toMatchObject({ handled: 1, deadLettered: 1 });
    await closed(scripted, { timeout: 0 });
  });
});
