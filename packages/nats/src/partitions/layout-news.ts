/**
 * Tells other processes that a topic has another layout. A hint: who misses it goes on in order, publishes to the topic's own name, and
 * looks again by itself.
 */
import { KeptSubscription } from '../kept-subscription.js';
import type { Link } from '../link.js';
import type { Rejoinable } from '../present-link.js';

const SUBJECT = '_EBUS.layouts';

/** One subscription for all topics of a bus, made when the first of them may have partitions. */
export class LayoutNews implements Rejoinable {
  readonly #listeners = new Map<string, Set<() => void>>();
  #link: Link | undefined;
  #subscription: KeptSubscription | undefined;

  online(link: Link): void {
    this.#link = link;
    if (this.#listeners.size > 0) this.#subscribe();
  }

  offline(): void {
    this.#link = undefined;
  }

  /** Who may not hear of changes looks by itself. */
  refused(): void {}

  /** @returns ends it */
  on(topic: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    this.#subscribe();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(topic);
    };
  }

  tell(topic: string): void {
    const link = this.#link;
    if (link !== undefined && !link.isClosed) link.connection.publish(SUBJECT, topic);
    this.#heard(topic);
  }

  #subscribe(): void {
    const link = this.#link;
    if (link === undefined || link === this.#subscription?.link) return;
    this.#subscription = new KeptSubscription(link, SUBJECT, (error, message) => {
      if (error === null) this.#heard(message.string());
    });
  }

  #heard(topic: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }
}
