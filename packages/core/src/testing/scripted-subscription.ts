/** A subscription under a test's control: the test delivers, and sees what core asks for and settles. */
import type { IncomingMessage, Settlement, SettleToken } from '../driver/message.js';
import type {
  Credit,
  DriverSubscription,
  SubscriptionSink,
  SubscriptionSpec,
} from '../driver/subscription.js';

const encoder = new TextEncoder();

/** A message, as far as a test cares. */
export type ScriptedMessage = Omit<Partial<IncomingMessage>, 'value'> & {
  readonly value: Uint8Array | string;
};

export class ScriptedSubscription implements DriverSubscription {
  readonly spec: SubscriptionSpec;
  /** Core's end. */
  readonly sink: SubscriptionSink;
  readonly settled: Settlement[] = [];
  /** Every credit that core granted to the subscription as a whole. */
  readonly demands: Credit[] = [];
  /** Whether core has paused a partition. */
  readonly paused = new Map<number, boolean>();
  readonly extended: SettleToken[][] = [];
  /** Deliveries that core has let go of because their leases ran out. */
  readonly leftAlone: SettleToken[] = [];
  settleError: Error | undefined;
  closed = false;
  stopped = false;
  readonly leaseMs?: number;
  #messages = 0;
  #bytes = 0;
  #delivered = 0;

  constructor(spec: SubscriptionSpec, sink: SubscriptionSink, leaseMs: number | undefined) {
    this.spec = spec;
    this.sink = sink;
    if (leaseMs !== undefined) this.leaseMs = leaseMs;
  }

  /** Whether core would take a message. */
  get asking(): boolean {
    return this.#messages > 0 && this.#bytes > 0 && !this.stopped;
  }

  /** How many messages core would take. */
  get room(): number {
    return this.#messages;
  }

  request(credit: Credit): void {
    if (credit.partition !== undefined) {
      this.paused.set(credit.partition, credit.messages === 0);
      return;
    }
    const { messages, bytes } = credit;
    this.demands.push({ messages, bytes });
    this.#messages = messages;
    this.#bytes = bytes;
  }

  /** Pushes messages, however much credit there is. */
  deliver(...messages: readonly ScriptedMessage[]): void {
    this.#delivered++;
    const batch = messages.map(({ value, ...rest }, index) => ({
      token: rest.token ?? `${this.#delivered}.${index}`,
      topic: this.spec.topic,
      headers: [],
      ...rest,
      value: typeof value === 'string' ? encoder.encode(value) : value,
    }));
    this.#messages -= batch.length;
    this.sink.push(batch);
  }

  settle(done: readonly Settlement[]): void | Promise<void> {
    if (this.settleError !== undefined) throw this.settleError;
    for (const { token, outcome } of done) this.settled.push({ token, outcome });
  }

  extendLease(tokens: readonly SettleToken[]): void {
    this.extended.push([...tokens]);
  }

  letGo(tokens: readonly SettleToken[]): void {
    this.leftAlone.push(...tokens);
  }

  stop(): void | Promise<void> {
    this.stopped = true;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
