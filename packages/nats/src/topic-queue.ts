/** What a unified consumer brought of one topic, until the topic's subscription asks for it. */
import { type Demand, Deque } from '@ebus/core/driver';
import type { JetStreamDelivery } from './delivery.js';
import type { JetStreamSubscription } from './jetstream-subscription.js';
import type { UnifiedMember } from './unified-member.js';

/** A message on its way, with the consumer that brought it. */
export interface Queued {
  readonly delivery: JetStreamDelivery;
  readonly source: JetStreamSubscription;
}

/** What came of one topic and was not asked for yet. */
export class TopicQueue {
  member: UnifiedMember | undefined;
  /** Of the unified consumer, while the topic is caught up. */
  readonly held: Queued[] = [];
  bytes = 0;
  readonly #items = new Deque<Queued>();

  get length(): number {
    return this.#items.length + this.held.length;
  }

  get waiting(): number {
    return this.#items.length;
  }

  push(queued: Queued): void {
    this.#items.push(queued);
    this.bytes += queued.delivery.value.length;
  }

  unshift(queued: Queued): void {
    this.#items.unshift(queued);
    this.bytes += queued.delivery.value.length;
  }

  take({ messages, bytes }: Demand): Queued[] {
    const batch: Queued[] = [];
    let room = bytes;
    for (let next = this.#items.peek(); next !== undefined; next = this.#items.peek()) {
      const size = next.delivery.value.length;
      if (batch.length >= messages || (batch.length > 0 && size > room)) break;
      this.#items.shift();
      this.bytes -= size;
      room -= size;
      batch.push(next);
    }
    return batch;
  }

  *all(): Generator<Queued> {
    yield* this.#items;
    yield* this.held;
  }

  takeAll(): Queued[] {
    const all = [...this.all()];
    this.#items.clear();
    this.held.length = 0;
    this.bytes = 0;
    return all;
  }
}
