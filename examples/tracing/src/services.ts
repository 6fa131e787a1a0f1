/** Two services on one broker: a shop takes orders, billing writes invoices, and the shop mails them. */
import { createEventBus, type EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { trace } from '@opentelemetry/api';

export const ORDERS = 'shop.orders';
export const INVOICES = 'billing.invoices';

const tracer = trace.getTracer('application');
/** The failures are what the demo shows. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const connect = (serviceName: string) =>
  createEventBus(
    { type: 'memory', serviceName, memory: { broker: 'tracing-demo' } },
    { plugins: [memory], logger: silent },
  );

/** Runs work in a span of the application's own. */
function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

export class Shop {
  readonly bus: EventBus;
  /** Letters cannot be mailed while this is false. */
  hasStamps = false;
  mailed = 0;

  private constructor(bus: EventBus) {
    this.bus = bus;
  }

  static async open(): Promise<Shop> {
    const shop = new Shop(await connect('shop'));
    await shop.bus.subscribeEnvelope(INVOICES, () => shop.#mail(), {
      maxRetries: 1,
      retryBackoff: { base: '40ms', jitter: false },
    });
    return shop;
  }

  /** Returns the id of its trace. */
  placeOrder(): Promise<string | undefined> {
    return inSpan('place order', async () => {
      await this.bus.publishEnvelope(ORDERS, {
        aggregateId: 'order-1',
        eventType: 'OrderPlaced',
        eventVersion: 1,
        payload: { total: 42 },
      });
      return trace.getActiveSpan()?.spanContext().traceId;
    });
  }

  #mail(): Promise<void> {
    return inSpan('mail invoice', async () => {
      if (!this.hasStamps) throw new Error('out of stamps');
      this.mailed++;
    });
  }
}

/** Charges each order, and writes its invoice. */
export async function openBilling(): Promise<EventBus> {
  const bus = await connect('billing');
  await bus.subscribeEnvelope(ORDERS, ({ aggregateId, payload }) =>
    inSpan('charge card', async () => {
      await bus.publishEnvelope(INVOICES, {
        aggregateId,
        eventType: 'InvoiceWritten',
        eventVersion: 1,
        payload: payload as { total: number },
      });
    }),
  );
  return bus;
}
