/** Parked events keep their traces; the records by which the bus keeps count have none. */
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { eventually } from '../test-kit/eventually.js';
import { recordSpans, treeOf } from '../testing/recorded-spans.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

it('each event of a parked key goes on in its own trace', async () => {
  const spans = recordSpans();
  await using bus = await createEventBus(
    { type: 'memory', serviceName: 'shop' },
    { plugins: [memory], logger: silent },
  );
  try {
    let broken = true;
    const handled: number[] = [];
    const fail = async ({ eventVersion }: { eventVersion: number }) => {
      if (broken) throw new Error('no');
      handled.push(eventVersion);
    };
    const subscription = await bus.subscribeEnvelope('orders', fail, { maxRetries: 0, onExhausted: 'park' });
    const place = (eventVersion: number) =>
      trace.getTracer('application').startActiveSpan(`order ${eventVersion}`, async (span) => {
        await bus.publishEnvelope('orders', { aggregateId: 'a', eventType: 'T', eventVersion, payload: {} });
        span.end();
        return span.spanContext().traceId;
      });
    const [first, second] = [await place(1), await place(2)];
    await eventually(10_000, () => subscription.stats().deadLettered === 2);
    broken = false;
    await bus.deadLetters.redrive('orders');
    await eventually(10_000, () => handled.length === 2);
    await bus.idle({ timeout: '10s' });
    expect(treeOf(spans.ended(), first)).toEqual([
      'order 1 (internal)',
      '  send orders (producer)',
      '    process orders #1 (consumer) failed',
      '      dead-letter orders.dlq (client)',
      '    process orders #1 (consumer)',
    ]);
    // A key is redriven by one message, which is a copy of its newest letter.
    expect(treeOf(spans.ended(), second)).toEqual([
      'order 2 (internal)',
      '  send orders (producer)',
      '    dead-letter orders.dlq (client)',
      '    redrive orders (client)',
      '    process orders #1 (consumer)',
    ]);
    const traces = new Set(spans.ended().map((span) => span.spanContext().traceId));
    expect(traces).toEqual(new Set([first, second]));
  } finally {
    spans.unregister();
  }
});
