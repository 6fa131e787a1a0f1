/** What one process publishes, and what becomes of it. */
import { EbusError, type EventBus, type PublishEnvelopeOptions } from '@ebus/core';
import type { Owner } from '../time/virtual-time.js';
import type { SimulatedEvent } from './app.js';
import { eventIdOf } from './event-id.js';
import type { World } from './world.js';

const PUBLISH_GRACE_MS = 2_000;
/** What a publish may reject with. */
const CODES = new Set([
  ...['CONNECTION_FAILED', 'PUBLISH_TIMEOUT', 'PUBLISH_FAILED', 'BUS_CLOSED', 'ABORTED'],
  // Deleted, with a later one of the key under way: no attempt may follow.
  'TOPIC_NOT_FOUND',
]);

/** Publishes, and judges how each publish ends. */
export class Publishing {
  readonly #world: World;
  readonly #owner: Owner;
  readonly #sender: string;
  #abort = new AbortController();
  /** Those that have no outcome yet. */
  open = 0;

  constructor(world: World, sender: Owner) {
    this.#world = world;
    this.#owner = sender;
    this.#sender = sender.name;
  }

  publish(bus: EventBus, { topic, ...event }: SimulatedEvent, n: number): void {
    const { history, ledger, time, plan } = this.#world;
    const eventId = String(n);
    const id = eventIdOf(topic, eventId);
    history.add(this.#sender, 'publishes', id, event.aggregateId);
    this.#world.senders.set(id, this.#sender);
    const passed = () => time.now - time.idleOf(this.#owner);
    const began = passed();
    this.open++;
    const ended = (what: string) => {
      this.open--;
      history.add(this.#sender, what, id);
      const took = passed() - began;
      if (took > plan.settings.publishTimeout + PUBLISH_GRACE_MS)
        history.problem('timeout', `the publish of ${id} took ${took} ms`);
    };
    bus.publishEnvelope(topic, { ...event, eventId }, this.#optionsOf(n)).then(
      () => {
        history.count('publish: accepted');
        ended('was acknowledged');
        ledger.accepted(id);
      },
      (error) => {
        const code = codeOf(error);
        history.count(`publish: ${code}`);
        ended(`was refused ${code}`);
        if (!CODES.has(code))
          history.problem('error', `publishing ${id} rejected with ${code}: ${String(error)}`);
      },
    );
  }

  #optionsOf(n: number): PublishEnvelopeOptions {
    const { signal } = this.#abort;
    if (!this.#world.plan.ways.headers) return { signal };
    const headers = {
      'X-Timestamp': `${n}`,
      Twice: ['first', 'second'],
      Bytes: Uint8Array.of(0, n & 255, 255),
    };
    return { signal, headers };
  }

  /** All that are under way. */
  abort(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }
}

/** For the history. */
export const codeOf = (error: unknown) => (EbusError.isInstance(error) ? error.code : String(error));
