/** One member of a group: takes messages as credit permits, pushes them, and settles. It keeps none. */
import type {
  Credit,
  DriverSubscription,
  PartitionLag,
  Settlement,
  SubscriptionSink,
  SubscriptionSpec,
} from '@ebus/core/driver';
import type { AcmeClient } from './client.js';
import { toMessage } from './mapping.js';

/** Taken with one request. */
const MAX_TAKE = 500;

export class AcmeSubscription implements DriverSubscription {
  readonly #spec: SubscriptionSpec;
  readonly #sink: SubscriptionSink;
  readonly #client: () => AcmeClient;
  readonly #onClosed: (closed: AcmeSubscription) => void;
  readonly #wake = () => {
    this.#isWoken = true;
    this.#taking ??= this.#take();
  };
  #joined: AcmeClient | undefined;
  #credit: { messages: number; bytes: number } = { messages: 0, bytes: 0 };
  #taking: Promise<void> | undefined;
  /** There may be something to take, or room for it. */
  #isWoken = false;
  #isStopped = false;

  constructor(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    client: () => AcmeClient,
    onClosed: (closed: AcmeSubscription) => void,
  ) {
    this.#spec = spec;
    this.#sink = sink;
    this.#client = client;
    this.#onClosed = onClosed;
  }

  /** Resolves when the broker has said that this member is in the group, and that the group has its position. */
  async join(): Promise<void> {
    const { topic, group, from } = this.#spec;
    const since = from === 'earliest' ? 0 : from === 'latest' ? Number.POSITIVE_INFINITY : from.getTime();
    this.#joined = this.#client();
    await this.#joined.join(topic, group, since, this.#wake);
  }

  /** With a new client: what was taken and is unsettled stays this member's, and the credit is the same. */
  async rejoin(): Promise<void> {
    await this.join();
    this.#sink.resumed();
    this.#wake();
  }

  request({ messages, bytes }: Credit): void {
    this.#credit = { messages, bytes };
    this.#wake();
  }

  async settle(done: readonly Settlement[]): Promise<void> {
    const { topic, group } = this.#spec;
    const tokens = (released: boolean) =>
      done.filter(({ outcome }) => (outcome === 'released') === released).map(({ token }) => token as number);
    await this.#client().acknowledge(topic, group, this.#wake, tokens(false));
    await this.#client().handBack(topic, group, this.#wake, tokens(true));
  }

  async lag(): Promise<readonly PartitionLag[]> {
    return [{ partition: 0, lag: await this.#client().lag(this.#spec.topic, this.#spec.group) }];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#taking;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#onClosed(this);
    await this.#joined?.leave(this.#spec.topic, this.#spec.group, this.#wake, !this.#spec.durable);
  }

  async #take(): Promise<void> {
    await undefined; // What follows may end at once, and clears what this call is assigned to.
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      try {
        while (await this.#takeSome());
      } catch (error) {
        this.#sink.failed(error);
      }
    }
    this.#taking = undefined;
  }

  /** @returns whether there was something, so that there may be more */
  async #takeSome(): Promise<boolean> {
    const { messages, bytes } = this.#credit;
    if (this.#isStopped || messages <= 0 || bytes <= 0) return false;
    const { topic, group } = this.#spec;
    const most = Math.min(messages, MAX_TAKE);
    const taken = await this.#client().take(topic, group, this.#wake, most, bytes);
    if (taken.length === 0) return false;
    // Credit that was granted meanwhile did not know of these yet.
    this.#credit.messages -= taken.length;
    this.#credit.bytes -= taken.reduce((sum, { body }) => sum + body.length, 0);
    this.#sink.push(taken.map((stored) => toMessage(topic, stored)));
    return true;
  }
}
