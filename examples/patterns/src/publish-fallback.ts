/** A publish with a fallback: where the broker is away, events are spooled, and published in order once it is back. */
import { EbusError, type EnvelopeInput, type EventBus } from '@ebus/core';
import { testBus } from '@ebus/memory/testing';

/** In a service: a file or a table. An outbox does the same within a transaction. */
class Spool {
  readonly #bus: EventBus;
  readonly #waiting: { topic: string; event: EnvelopeInput }[] = [];

  constructor(bus: EventBus) {
    this.#bus = bus;
    bus.on('reconnected', () => this.drain());
  }

  async publish(topic: string, event: EnvelopeInput): Promise<'published' | 'spooled'> {
    // Nothing overtakes what already waits.
    if (this.#waiting.length === 0) {
      try {
        await this.#bus.publishEnvelope(topic, event, { timeout: 20 });
        return 'published';
      } catch (error) {
        // An event that is refused for good would be refused later, too.
        if (!EbusError.isInstance(error) || !error.retryable) throw error;
      }
    }
    this.#waiting.push({ topic, event });
    return 'spooled';
  }

  async drain(): Promise<void> {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      await this.#bus.publishEnvelope(first.topic, first.event);
      this.#waiting.shift();
    }
  }
}

// The test kit takes the connection away, as a broker that is down does.
await using kit = await testBus();
const spool = new Spool(kit.bus);
const event = (n: number) => ({
  // The id is given, so that a repeated publish is the same event.
  eventId: `event-${n}`,
  aggregateId: 'order-1',
  eventType: 'OrderChanged',
  eventVersion: n,
  payload: {},
});

console.log(1, await spool.publish('orders', event(1)));
kit.disconnect();
console.log(2, await spool.publish('orders', event(2)));
console.log(3, await spool.publish('orders', event(3)));
kit.reconnect();
const stored = await kit.published('orders', { count: 3 });
console.log('stored:', stored.map(({ envelope }) => envelope?.eventId).join(', '));
