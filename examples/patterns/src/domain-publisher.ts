/** Domain events in a layered architecture: the domain knows no bus, the application a port, the infrastructure ebus. */
import { defineEvents, type EventBus, type EventInputOf, topic } from '@ebus/core';
import { testBus } from '@ebus/memory/testing';
import { z } from 'zod';

// ---- contract: shared with other services ----------------------------------------------------------------
const events = defineEvents({
  OrderPlaced: z.object({ total: z.number().positive() }),
  OrderCancelled: z.object({ reason: z.string().min(1) }),
});
const orders = topic('shop.orders', events);
type OrderEvent = EventInputOf<typeof events.schemas>;

// ---- domain: rules, and the events that follow from them --------------------------------------------------
class Order {
  readonly #id: string;
  readonly #raised: OrderEvent[] = [];
  #version = 0;

  constructor(id: string, total: number) {
    this.#id = id;
    this.#raised.push({ ...this.#next(), eventType: 'OrderPlaced', payload: { total } });
  }

  cancel(reason: string): void {
    this.#raised.push({ ...this.#next(), eventType: 'OrderCancelled', payload: { reason } });
  }

  /** The events since the last call, oldest first. */
  takeEvents(): OrderEvent[] {
    return this.#raised.splice(0);
  }

  #next() {
    return { aggregateId: this.#id, eventVersion: ++this.#version };
  }
}

// ---- application: use cases, and the port that they need ---------------------------------------------------
interface DomainEvents {
  publish(events: readonly OrderEvent[]): Promise<void>;
}

class PlaceOrder {
  constructor(private readonly out: DomainEvents) {}

  async run(id: string, total: number): Promise<Order> {
    const order = new Order(id, total);
    await this.out.publish(order.takeEvents());
    return order;
  }
}

// ---- infrastructure: the port over ebus. With a database, `outboxed(bus, store)` is the publisher. -----------
class BusDomainEvents implements DomainEvents {
  constructor(private readonly bus: EventBus) {}

  async publish(raised: readonly OrderEvent[]): Promise<void> {
    // One after the other: an event whose publish failed is followed by none of its aggregate.
    for (const event of raised) await orders.publish(this.bus, event);
  }
}

// ---- the main file, here with the test kit in place of a broker ----------------------------------------------
await using kit = await testBus({ serviceName: 'shop' });
await orders.subscribe(kit.bus, ({ eventType, aggregateId, eventVersion, payload }) => {
  console.log(aggregateId, eventVersion, eventType, JSON.stringify(payload));
});
const out = new BusDomainEvents(kit.bus);
const order = await new PlaceOrder(out).run('order-1', 42);
order.cancel('out of stock');
await out.publish(order.takeEvents());
await new PlaceOrder(out).run('order-2', -1).catch((error: Error) => console.log('refused:', error.name));
await kit.idle();
