/** Deliveries that stand still, with all messages behind them, until they are released by hand. */
import { ReceivedMessage } from '../pipeline/message.js';
import type { Disclose } from '../util/disclose.js';
import type { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { InFlight } from './in-flight.js';
import type { StartGate } from './start-gate.js';
import type { HaltedMessage } from './types.js';

interface HaltsOptions {
  inFlight: InFlight;
  dispatcher: Dispatcher;
  gate: StartGate;
  /** Without order there are no keys: a halt stops the whole subscription. */
  ordered: boolean;
  /** Rejects where it had to be halted again. */
  deadLetter(delivery: Delivery): Promise<void>;
}

/** Holds halted deliveries by lane, until `retry`, `skip` or the end of the subscription. */
export class Halts {
  readonly #options: HaltsOptions;
  readonly #halted = new Set<Delivery>();
  #frozen = false;

  constructor(options: HaltsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#halted.size;
  }

  /** Keys of halted deliveries; empty texts without order. */
  get keys(): readonly string[] {
    return [...this.#halted].map(({ key }) => key);
  }

  /** The messages that stand still, in the order of the halts. `now`: monotonic. */
  messages(now: number, disclose: Disclose): HaltedMessage[] {
    return Array.from(this.#halted, ({ key, subject, lastError, attempts, receivedAt }) => ({
      key,
      message: new ReceivedMessage(subject),
      errorMessage: disclose(lastError),
      attempts,
      ageMs: now - receivedAt,
    }));
  }

  /** The dispatcher holds it already, or is told to next: nothing may be started in between. */
  add(delivery: Delivery): void {
    const { gate, ordered, inFlight } = this.#options;
    inFlight.hold(delivery, 'halted');
    this.#halted.add(delivery);
    if (!ordered) gate.close('halted');
  }

  /** Gives halted deliveries of a key (all of them, without one) their attempts afresh. */
  retry(key: string | undefined): void {
    for (const delivery of this.#take(key)) {
      // The one before may have run at once, and found that the leases of all have run out.
      if (delivery.state !== 'halted') continue;
      delivery.attempts = 0;
      this.#options.inFlight.requeue(delivery);
      this.#options.dispatcher.resume(delivery);
    }
    this.#openGate();
  }

  /**
   * Dead-letters them instead. Resolves when their dead letters are acknowledged.
   * @throws PublishError for one that can never be written: it is halted again, and the others are not disturbed
   */
  async skip(key: string | undefined): Promise<void> {
    const outcomes = await Promise.allSettled(
      this.#take(key).map((delivery) => this.#options.deadLetter(delivery)),
    );
    this.#openGate();
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Lets go of one that is no longer ours. */
  drop(delivery: Delivery): void {
    if (this.#halted.delete(delivery)) this.#openGate();
  }

  /** The subscription closes: halted deliveries stay halted, unsettled. */
  freeze(): void {
    this.#frozen = true;
  }

  #take(key: string | undefined): Delivery[] {
    if (this.#frozen) return [];
    const taken = [...this.#halted].filter((delivery) => key === undefined || delivery.key === key);
    for (const delivery of taken) this.#halted.delete(delivery);
    return taken;
  }

  #openGate(): void {
    if (this.#halted.size === 0) this.#options.gate.open('halted');
  }
}
