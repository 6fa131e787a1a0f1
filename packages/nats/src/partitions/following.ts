/** A subscription to a topic whose number of partitions may change: reads one layout after the other, for the same sink. */
import {
  type CallOptions,
  type Clock,
  type Credit,
  type DriverSubscription,
  EbusError,
  type Logger,
  type PartitionLag,
  type Settlement,
  type SettleToken,
  type UnsettledCount,
  type UnsettledOptions,
} from '@ebus/core/driver';
import type { StreamInfo } from '@nats-io/jetstream';
import type { Link } from '../link.js';
import type { RejoinableSubscription } from '../present-link.js';
import type { Refused } from '../refusals.js';
import type { Streams } from '../streams.js';
import type { Generations } from './generations.js';
import { type Layout, presentLayout } from './layout.js';

/** While a former layout is drained. */
const DRAIN_LOOK_MS = 500;
/** Otherwise: where the news of a change did not arrive. */
const LOOK_MS = 30_000;
/** For so long a former layout has to be empty: records on their way when the stream was changed have arrived by then. */
const QUIET_MS = 1_000;

/** Reads one layout. */
export interface LayoutReader extends RejoinableSubscription {
  /** Nothing of it is left: its partitions are told to be gone. Its consumers are deleted then. */
  retire(): Promise<void>;
}

/** Options of a `FollowingSubscription`. */
export interface FollowingOptions {
  readonly topic: string;
  readonly streams: Streams;
  readonly generations: Generations;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes the consumers of a layout where they are missing. */
  open(layout: Layout, stream: StreamInfo): Promise<LayoutReader>;
  /** @returns ends it */
  onNews(listener: () => void): () => void;
  /** It cannot go on with another layout, and that does not pass by itself. */
  failed(error: unknown): void;
  onClosed(subscription: FollowingSubscription): void;
}

/** Goes on with the next layout once the group has settled the former one. */
export class FollowingSubscription implements RejoinableSubscription {
  readonly leaseMs: number;
  readonly #options: FollowingOptions;
  readonly #endNews: () => void;
  #reader: LayoutReader;
  #layout: Layout;
  #incarnation: string;
  #credit: Credit | undefined;
  #link: Link | undefined;
  #isStopped = false;
  #isLooking = false;
  /** Its reader reads nothing any more, and the next one is not there yet. */
  #isRetired = false;
  /** Monotonic: since when the former layout was seen to be drained. */
  #drainedSince: number | undefined;
  #timer: ReturnType<Clock['setTimeout']> | undefined;

  constructor(options: FollowingOptions, reader: LayoutReader, layout: Layout, stream: StreamInfo) {
    this.#options = options;
    this.#reader = reader;
    this.#layout = layout;
    this.#incarnation = stream.created;
    this.leaseMs = reader.leaseMs as number;
    this.#endNews = options.onNews(() => void this.look());
    this.#lookAfter(presentLayout(options.topic, stream.config).generation > layout.generation ? 0 : LOOK_MS);
  }

  get failure(): unknown {
    return this.#reader.failure;
  }

  online(link: Link): void {
    this.#link = link;
    this.#reader.online(link);
  }

  offline(cause: unknown): void {
    this.#link = undefined;
    this.#reader.offline(cause);
  }

  refused(refused: Refused, error: Error): void {
    this.#reader.refused(refused, error);
  }

  request(credit: Credit): void {
    this.#credit = credit;
    this.#reader.request(credit);
  }

  settle(done: readonly Settlement[]): void | Promise<void> {
    return this.#reader.settle(done);
  }

  extendLease(tokens: readonly SettleToken[]): void {
    this.#reader.extendLease?.(tokens);
  }

  letGo(tokens: readonly SettleToken[]): void {
    this.#reader.letGo?.(tokens);
  }

  unsettled(options: UnsettledOptions): Promise<UnsettledCount> {
    return (this.#reader as Required<DriverSubscription>).unsettled(options);
  }

  lag(options: CallOptions): Promise<readonly PartitionLag[]> {
    return (this.#reader as Required<DriverSubscription>).lag(options);
  }

  drain(options: CallOptions): Promise<void> {
    this.#endFollowing();
    return (this.#reader as Required<DriverSubscription>).drain(options);
  }

  async stop(): Promise<void> {
    this.#endFollowing();
    await this.#reader.stop();
  }

  async close(options: CallOptions): Promise<void> {
    this.#endFollowing();
    await this.#reader.close(options);
    this.#options.onClosed(this);
  }

  /** Looks whether there is another layout, and goes on with it where the group may. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#isStopped) return;
    this.#isLooking = true;
    let again = LOOK_MS;
    try {
      if (this.#link !== undefined) again = await this.#look();
    } catch (err) {
      const { logger, topic, failed } = this.#options;
      if (EbusError.isInstance(err) && !err.retryable) failed(err);
      else logger.debug({ err, topic }, 'cannot look whether a topic has other partitions');
      again = 10 * DRAIN_LOOK_MS;
    } finally {
      this.#isLooking = false;
      this.#lookAfter(again);
    }
  }

  /** @returns milliseconds until the next look */
  async #look(): Promise<number> {
    const { streams, topic, generations, clock } = this.#options;
    const found = await streams.find(topic);
    // The reader tells that the stream is gone.
    if (found === undefined) return LOOK_MS;
    const present = presentLayout(topic, found.config);
    const isSame = present.space === this.#layout.space && present.partitions === this.#layout.partitions;
    if (found.created !== this.#incarnation) {
      // Made anew: nothing of the former one is left.
      if (isSame && !this.#isRetired) this.#layout = present;
      else await this.#readOn(present, found);
      this.#incarnation = found.created;
      return LOOK_MS;
    }
    if (isSame) return LOOK_MS;
    if (!(await generations.hasDrained(this.#layout, found.config.name))) {
      this.#drainedSince = undefined;
      return DRAIN_LOOK_MS;
    }
    this.#drainedSince ??= clock.monotonic();
    if (clock.monotonic() - this.#drainedSince < QUIET_MS) return DRAIN_LOOK_MS;
    await this.#moveOn(found);
    return DRAIN_LOOK_MS;
  }

  async #moveOn(stream: StreamInfo): Promise<void> {
    const { generations } = this.#options;
    const former = this.#layout;
    this.#drainedSince = undefined;
    await this.#retire();
    const next = await generations.moveOn(former, stream.config.name);
    if (next !== undefined) await this.#readOn(next, stream);
  }

  async #readOn(layout: Layout, stream: StreamInfo): Promise<void> {
    const { topic, logger, open } = this.#options;
    await this.#retire();
    const reader = await open(layout, stream);
    if (this.#isStopped) return reader.close({ signal: this.#options.clock.timeout(LOOK_MS) });
    logger.info(
      { topic, partitions: layout.partitions },
      'the topic has other partitions, which are read from now on',
    );
    this.#layout = layout;
    this.#reader = reader;
    this.#isRetired = false;
    if (this.#link !== undefined) reader.online(this.#link);
    if (this.#credit !== undefined) reader.request(this.#credit);
  }

  async #retire(): Promise<void> {
    this.#isRetired = true;
    await this.#reader.retire();
  }

  #lookAfter(ms: number): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = clock.setTimeout(() => void this.look(), ms);
    this.#timer.unref();
  }

  #endFollowing(): void {
    this.#isStopped = true;
    this.#endNews();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }
}
