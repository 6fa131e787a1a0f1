/**
 * The application's handle of a subscription. It stays the same while its topic moves to another persistence.
 *
 * It has one consumer, and a further one for each move. The first one runs. When it has settled all messages from before
 * the move, the next one begins, so that nothing overtakes.
 */
import type { Duration } from '../duration.js';
import { CLOSE_OPTIONS } from '../util/common-options.js';
import { filledText } from '../util/option-kinds.js';
import { checkArgument, checkOptions } from '../util/options.js';
import type { Consumer } from './consumer.js';
import type { ConsumePolicy } from './policy.js';
import { CHANGES } from './subscribe-options.js';
import type {
  CloseReport,
  HaltedMessage,
  Subscription,
  SubscriptionChanges,
  SubscriptionStats,
} from './types.js';

/** Counts added up over all consumers, ended ones included. */
const COUNTERS = [
  'handled',
  'failedAttempts',
  'retried',
  'deadLettered',
  'discarded',
  'received',
  'skipped',
] as const;
/** Values added up over the present consumers. The oldest message in flight is with the first of them. */
const GAUGES = ['inFlight', 'inFlightBytes', 'running', 'halted', 'parked', 'overrunning'] as const;

/** The `Subscription` of the public API. All its methods reach each of its consumers. */
export class BusSubscription implements Subscription {
  readonly topic: string;
  readonly group: string;
  readonly #onClosed: (handle: BusSubscription) => void;
  readonly #consumers: Consumer[];
  readonly #past = Object.fromEntries(COUNTERS.map((counter) => [counter, 0])) as Record<
    (typeof COUNTERS)[number],
    number
  >;
  /** Changes since it was made; they hold for later consumers, too. */
  readonly #changes: SubscriptionChanges = {};
  #closing: Promise<CloseReport> | undefined;
  /** The last move: its consumer has begun, or never will. */
  #moved: Promise<void> = Promise.resolve();

  constructor(first: Consumer, onClosed: (handle: BusSubscription) => void) {
    this.topic = first.topic;
    this.group = first.group;
    this.#consumers = [first];
    this.#onClosed = onClosed;
  }

  /** Those that it has now, the running one first. */
  get consumers(): readonly Consumer[] {
    return this.#consumers;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Begins to fetch. */
  begin(): void {
    this.#consumers[0]?.begin();
  }

  /**
   * Ends the last consumer, and has another one follow it. Rejects with nothing changed where the last one cannot
   * stop in order before the signal aborts; without a signal it just stops, and never rejects.
   */
  async swapTo(next: Consumer, signal?: AbortSignal): Promise<void> {
    const last = this.#consumers.at(-1) as Consumer;
    const finished = await last.drain(signal);
    if (last.stats().paused) next.pause();
    next.adjust(this.#changes);
    this.#consumers.push(next);
    if (this.#closing !== undefined) await next.close();
    else
      this.#moved = this.#follow(this.#moved, last, finished, next).catch((err: unknown) => next.fail(err));
  }

  setPolicy(policy: ConsumePolicy): void {
    for (const consumer of this.#consumers) {
      consumer.setPolicy(policy);
      consumer.adjust(this.#changes);
    }
  }

  recompose(): void {
    for (const consumer of this.#consumers) consumer.recompose();
  }

  update(changes: SubscriptionChanges): void {
    checkOptions(`updating the subscription to '${this.topic}'`, changes, CHANGES);
    if (this.#closing !== undefined) return;
    const { concurrency, rateLimit } = changes;
    if (concurrency !== undefined) this.#changes.concurrency = concurrency;
    if (rateLimit !== undefined) this.#changes.rateLimit = { ...rateLimit };
    for (const consumer of this.#consumers) consumer.adjust(changes);
  }

  pause(): void {
    for (const consumer of this.#consumers) consumer.pause();
  }

  resume(): void {
    for (const consumer of this.#consumers) consumer.resume();
  }

  retryHalted(key?: string): void {
    checkArgument('retryHalted(key): key', key, filledText);
    for (const consumer of this.#consumers) consumer.retryHalted(key);
  }

  async skipHalted(key?: string): Promise<void> {
    checkArgument('skipHalted(key): key', key, filledText);
    await Promise.all(this.#consumers.map((consumer) => consumer.skipHalted(key)));
  }

  /** The messages at which its keys stand still. */
  haltedMessages(): HaltedMessage[] {
    return this.#consumers.flatMap((consumer) => consumer.haltedMessages());
  }

  /** Where its dead letters go. */
  get deadLetterTopic(): string {
    return (this.#consumers.at(-1) as Consumer).deadLetterTopic;
  }

  stats(): SubscriptionStats {
    const all = this.#consumers.map((consumer) => consumer.stats());
    const [first] = all as [SubscriptionStats];
    const sums = Object.fromEntries(
      [...COUNTERS, ...GAUGES].map((name) => [name, all.reduce((total, stats) => total + stats[name], 0)]),
    ) as Record<(typeof COUNTERS)[number] | (typeof GAUGES)[number], number>;
    for (const counter of COUNTERS) sums[counter] += this.#past[counter];
    return { ...first, ...sums };
  }

  /** Not while a consumer waits for the one before it, unless that one is paused and will not end by itself. */
  get isQuiet(): boolean {
    const [first] = this.#consumers as [Consumer];
    return first.isQuiet && (this.#consumers.length === 1 || first.stats().paused);
  }

  async quiet(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.quiet()));
  }

  async close(options: { timeout?: Duration } = {}): Promise<CloseReport> {
    // Before anything is closed: what is refused leaves the subscription as it is.
    checkOptions(`closing the subscription to '${this.topic}'`, options, CLOSE_OPTIONS);
    if (this.#closing === undefined) this.#closing = this.#close(options).finally(() => this.#onClosed(this));
    else for (const consumer of this.#consumers) void consumer.close(options);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options?: { timeout?: Duration }): Promise<CloseReport> {
    const reports = await Promise.all(this.#consumers.map((consumer) => consumer.close(options)));
    const sum = (count: 'handled' | 'abandoned' | 'unpublished') =>
      reports.reduce((total, report) => total + report[count], 0);
    return {
      handled: sum('handled'),
      abandoned: sum('abandoned'),
      unpublished: sum('unpublished'),
      timedOut: reports.some(({ timedOut }) => timedOut),
    };
  }

  /** One after the other: one that has nothing to do ends at once, although the one before it does not. */
  async #follow(
    before: Promise<void>,
    last: Consumer,
    finished: () => Promise<void>,
    next: Consumer,
  ): Promise<void> {
    await before;
    if (this.#closing !== undefined) return;
    await finished();
    if (this.#closing !== undefined) return;
    const stats = last.stats();
    for (const counter of COUNTERS) this.#past[counter] += stats[counter];
    this.#consumers.splice(this.#consumers.indexOf(last), 1);
    next.begin();
  }
}
