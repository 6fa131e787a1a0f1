/**
 * What the application holds of a subscription: stays the same while its topic is moved from one way to another.
 *
 * The ways stand in line. The first one is at work; when it has handed over and settled everything that came before
 * the move, the next one begins, so that nothing overtakes.
 */
import type { Duration } from '../duration.js';
import { CLOSE_OPTIONS } from '../util/common-options.js';
import { filledText } from '../util/option-kinds.js';
import { checkArgument, checkOptions } from '../util/options.js';
import type { ConsumePolicy } from './policy.js';
import { CHANGES } from './subscribe-options.js';
import type { ActiveSubscription } from './subscription.js';
import type { CloseReport, Subscription, SubscriptionChanges, SubscriptionStats } from './types.js';

/** What is added up over the ways that have ended. */
const COUNTERS = [
  'handled',
  'failedAttempts',
  'retried',
  'deadLettered',
  'discarded',
  'received',
  'skipped',
] as const;
/** What is added up over the ways that stand in line. The oldest message in flight is with the first of them. */
const GAUGES = ['inFlight', 'inFlightBytes', 'running', 'halted', 'overrunning'] as const;

export class SubscriptionHandle implements Subscription {
  readonly topic: string;
  readonly group: string;
  readonly #onClosed: (handle: SubscriptionHandle) => void;
  readonly #line: ActiveSubscription[];
  readonly #past = Object.fromEntries(COUNTERS.map((counter) => [counter, 0])) as Record<
    (typeof COUNTERS)[number],
    number
  >;
  /** What was changed since it was made; holds for later ways, too. */
  readonly #changes: SubscriptionChanges = {};
  #closing: Promise<CloseReport> | undefined;

  constructor(first: ActiveSubscription, onClosed: (handle: SubscriptionHandle) => void) {
    this.topic = first.topic;
    this.group = first.group;
    this.#line = [first];
    this.#onClosed = onClosed;
  }

  /** The ways that it has now, the one at work first. */
  get ways(): readonly ActiveSubscription[] {
    return this.#line;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Begins to fetch. */
  begin(): void {
    this.#line[0]?.begin();
  }

  /**
   * Ends the last way in line, and puts another one behind it. Rejects with nothing changed where the last one cannot
   * draw a line before the signal aborts; without a signal it just stops, and never rejects.
   */
  async moveTo(next: ActiveSubscription, signal?: AbortSignal): Promise<void> {
    const last = this.#line.at(-1) as ActiveSubscription;
    const finished = await last.drain(signal);
    if (last.stats().paused) next.pause();
    next.adjust(this.#changes);
    this.#line.push(next);
    if (this.#closing !== undefined) await next.close();
    else this.#follow(last, finished, next).catch((err: unknown) => next.fail(err));
  }

  adopt(policy: ConsumePolicy): void {
    for (const way of this.#line) way.adopt(policy);
  }

  recompose(): void {
    for (const way of this.#line) way.recompose();
  }

  update(changes: SubscriptionChanges): void {
    checkOptions(`updating the subscription to '${this.topic}'`, changes, CHANGES);
    if (this.#closing !== undefined) return;
    const { concurrency, rateLimit } = changes;
    if (concurrency !== undefined) this.#changes.concurrency = concurrency;
    if (rateLimit !== undefined) this.#changes.rateLimit = { ...rateLimit };
    for (const way of this.#line) way.adjust(changes);
  }

  pause(): void {
    for (const way of this.#line) way.pause();
  }

  resume(): void {
    for (const way of this.#line) way.resume();
  }

  retryHalted(key?: string): void {
    checkArgument('retryHalted(key): key', key, filledText);
    for (const way of this.#line) way.retryHalted(key);
  }

  async skipHalted(key?: string): Promise<void> {
    checkArgument('skipHalted(key): key', key, filledText);
    await Promise.all(this.#line.map((way) => way.skipHalted(key)));
  }

  stats(): SubscriptionStats {
    const all = this.#line.map((way) => way.stats());
    const [first] = all as [SubscriptionStats];
    const sums = Object.fromEntries(
      [...COUNTERS, ...GAUGES].map((name) => [name, all.reduce((total, stats) => total + stats[name], 0)]),
    ) as Record<(typeof COUNTERS)[number] | (typeof GAUGES)[number], number>;
    for (const counter of COUNTERS) sums[counter] += this.#past[counter];
    return { ...first, ...sums };
  }

  /** Not while a way waits for the one before it, unless that one is paused and will not end by itself. */
  get isQuiet(): boolean {
    const [first] = this.#line as [ActiveSubscription];
    return first.isQuiet && (this.#line.length === 1 || first.stats().paused);
  }

  async quiet(): Promise<void> {
    await Promise.all(this.#line.map((way) => way.quiet()));
  }

  async close(options: { timeout?: Duration } = {}): Promise<CloseReport> {
    // Before anything is closed: what is refused leaves the subscription as it is.
    checkOptions(`closing the subscription to '${this.topic}'`, options, CLOSE_OPTIONS);
    this.#closing ??= this.#close(options).finally(() => this.#onClosed(this));
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options?: { timeout?: Duration }): Promise<CloseReport> {
    const reports = await Promise.all(this.#line.map((way) => way.close(options)));
    const sum = (count: 'handled' | 'abandoned' | 'unpublished') =>
      reports.reduce((total, report) => total + report[count], 0);
    return {
      handled: sum('handled'),
      abandoned: sum('abandoned'),
      unpublished: sum('unpublished'),
      timedOut: reports.some(({ timedOut }) => timedOut),
    };
  }

  async #follow(
    last: ActiveSubscription,
    finished: () => Promise<void>,
    next: ActiveSubscription,
  ): Promise<void> {
    await finished();
    if (this.#closing !== undefined) return;
    const stats = last.stats();
    for (const counter of COUNTERS) this.#past[counter] += stats[counter];
    this.#line.splice(this.#line.indexOf(last), 1);
    next.begin();
  }
}
