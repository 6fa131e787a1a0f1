/** A subscription to a plain subject that outlives a refusal: rights are taken away, and given back, while a bus runs. */
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Link, OnMessage } from './link.js';

/** After a refusal, in milliseconds. */
const AGAIN_MS = 2_000;

/** Subscribes, and again after each refusal, for as long as its link lives. */
export class KeptSubscription {
  /** Another one needs a subscription of its own. */
  readonly link: Link;
  readonly #subscribe: (onMessage: OnMessage) => Subscription;
  readonly #onMessage: OnMessage;
  readonly #onTaken: () => void;
  #subscription: Subscription;
  #denied: Error | undefined;
  #hasEnded = false;

  /** `onMessage` is told of each refusal, `onTaken` that it is over. */
  constructor(
    link: Link,
    subject: string,
    onMessage: OnMessage,
    { queue, onTaken = () => {} }: { readonly queue?: string; onTaken?(): void } = {},
  ) {
    this.link = link;
    this.#onMessage = onMessage;
    this.#onTaken = onTaken;
    this.#subscribe = (listener) => link.subscribe(subject, listener, queue);
    this.#subscription = this.#subscribe(this.#heard);
  }

  /** The server's last refusal, until it has taken the subscription. */
  get denied(): Error | undefined {
    return this.#denied;
  }

  unsubscribe(): void {
    this.#hasEnded = true;
    this.#subscription.unsubscribe();
  }

  /** As the client's. */
  drain(): Promise<void> {
    this.#hasEnded = true;
    return this.#subscription.isClosed() ? Promise.resolve() : this.#subscription.drain();
  }

  readonly #heard = (error: Error | null, message: Msg): void => {
    if (error !== null) {
      this.#denied = error;
      this.link.clock.setTimeout(() => this.#again(), AGAIN_MS).unref();
    }
    this.#onMessage(error, message);
  };

  #again(): void {
    if (this.#hasEnded || this.link.isClosed) return;
    const before = this.#denied;
    this.#subscription = this.#subscribe(this.#heard);
    // A refusal comes before the answer to what was asked later.
    const taken = () => {
      if (this.#denied !== before || this.#hasEnded) return;
      this.#denied = undefined;
      this.#onTaken();
    };
    this.link.connection.flush().then(taken, () => {});
  }
}
