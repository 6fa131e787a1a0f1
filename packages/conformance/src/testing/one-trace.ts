/** One event's whole way over two services: published, handled, followed by another, dead-lettered, redriven, handled. */
import { createEventBus, type EventBus, type EventBusConfig } from '@ebus/core';
import type { TransportPlugin } from '@ebus/core/driver';
import { trace } from '@opentelemetry/api';
import { expect } from 'vitest';
import { eventually } from '../test-kit/eventually.js';
import { uniqueName } from '../test-kit/unique-name.js';
import { type RecordedSpans, recordSpans, treeOf } from './recorded-spans.js';

const PATIENCE_MS = 60_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The same on every transport. */
export const GOLDEN = `
place order (internal)
  send orders (producer)
    process orders #1 (consumer)
      charge card (internal)
        send invoices (producer)
          process invoices #1 (consumer) failed
          process invoices #2 (consumer) failed
            dead-letter invoices.dlq (client)
          redrive invoices (client)
          process invoices #1 (consumer)`
  .trim()
  .split('\n');

/** Both services are on the same broker. */
export async function expectOneTrace(config: EventBusConfig, transport: TransportPlugin): Promise<void> {
  const spans = recordSpans();
  const prefix = `${uniqueName('trace')}.`;
  const buses: EventBus[] = [];
  const service = async (name: string) => {
    const bus = await createEventBus({ ...config, serviceName: `${prefix}${name}` } as EventBusConfig, {
      plugins: [transport],
      logger: silent,
    });
    buses.push(bus);
    return bus;
  };
  try {
    const shop = await service('shop');
    const billing = await service('billing');
    const names = { orders: `${prefix}orders`, invoices: `${prefix}invoices` };
    const { traceId, repairId } = await play(shop, billing, names, spans);
    const ofTest = (line: string) => line.replaceAll(prefix, '');
    expect(treeOf(spans.ended(), traceId).map(ofTest)).toEqual(GOLDEN);
    const redrive = spans.ended().find(({ name }) => name.startsWith('redrive '));
    expect(redrive?.links.map((link) => link.context.spanId)).toEqual([repairId]);
  } finally {
    for (const bus of buses) await bus.close({ timeout: 5_000 });
    spans.unregister();
  }
}

async function play(
  shop: EventBus,
  billing: EventBus,
  { orders, invoices }: { orders: string; invoices: string },
  spans: RecordedSpans,
): Promise<{ traceId: string; repairId: string }> {
  const tracer = trace.getTracer('application');
  const event = { aggregateId: 'order-1', eventVersion: 1, payload: {} };
  let broken = true;
  await shop.subscribeEnvelope(
    invoices,
    () => {
      if (broken) throw new Error('out of paper');
    },
    { maxRetries: 1, retryBackoff: { base: 1, jitter: false } },
  );
  await billing.subscribeEnvelope(orders, (order) =>
    tracer.startActiveSpan('charge card', async (span) => {
      await billing.publishEnvelope(invoices, {
        ...event,
        eventType: 'InvoiceWritten',
        payload: order.eventId,
      });
      span.end();
    }),
  );
  const traceId = await tracer.startActiveSpan('place order', async (span) => {
    await shop.publishEnvelope(orders, { ...event, eventType: 'OrderPlaced' });
    span.end();
    return span.spanContext().traceId;
  });
  const count = (start: string) => spans.ended().filter(({ name }) => name.startsWith(start)).length;
  await eventually(PATIENCE_MS, () => count('dead-letter ') === 1, 'a dead letter');
  broken = false;
  const repairId = await tracer.startActiveSpan('repair', async (span) => {
    expect(await shop.deadLetters.redrive(invoices)).toMatchObject({ redriven: 1, failed: [] });
    span.end();
    return span.spanContext().spanId;
  });
  await eventually(PATIENCE_MS, () => count(`process ${invoices}`) === 3, 'the redriven message');
  return { traceId, repairId };
}
