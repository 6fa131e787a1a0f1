/** One connected consumer of a group: polls, commits, moves partitions as the group decides, and compares them with the log. */
import { type Clock, type EbusError, type Logger, reasonOf } from '@ebus/core/driver';
import { aboutOf, refusedByGroup } from '../errors.js';
import { Lifeline } from '../lifeline.js';
import { called, type NativeConsumer } from '../native-client.js';
import type { Questions } from '../questions.js';
import { Assignment } from './assignment.js';
import { Commits } from './commits.js';
import { type ClientOptions, connect, newConsumer } from './consumer-client.js';
import { isThere } from './departure.js';
import { Leaving } from './leaving.js';
import { LogWatch } from './log-watch.js';
import type { Logs } from './lookup.js';
import type { Partition } from './partition.js';
import { Poller } from './poller.js';
import type { Shares } from './shares.js';
import type { TopicShare } from './topic-share.js';

/** Options of a `Session`. */
export interface SessionOptions extends ClientOptions {
  readonly group: string;
  /** False: the group has one member and commits nothing. The cluster never hears of it. */
  readonly durable: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shares: Shares;
  questions(): Questions;
  /** Of before the client was replaced, by `keyOf`. */
  readonly kept: Map<string, Partition>;
  /** The group has answered, or a partition was positioned or committed. */
  changed(): void;
  /** A topic has more partitions than before. */
  widened(): void;
  onError(error: unknown): void;
  /** It cannot do its work any more, and another is to take its place. */
  onBroken(cause: unknown): void;
}

/** How often it is polled at least, and settled partitions are looked for. */
const TICK_MS = 250;
const COMMIT_MS = 1_000;
/** How often the answer to a commit is looked for. The broker gives it within milliseconds. */
const ASK_MS = 20;
const SEEK_MS = 5_000;

/** The life of one consumer in a group, from connecting until it leaves or breaks. */
export class Session {
  readonly options: SessionOptions;
  readonly consumer: NativeConsumer;
  readonly commits: Commits;
  readonly poller: Poller;
  readonly assignment: Assignment;
  readonly watch: LogWatch;
  readonly lifeline: Lifeline;
  readonly #ended = new AbortController();
  #committedAt = 0;
  readonly #leaving = new Leaving(this);
  /** The client is ending, and answers for itself. */
  isLeaving = false;
  /** Why the group does not admit it. */
  refusal: EbusError | undefined;

  /** @throws ConfigError for settings that the client refuses */
  constructor(options: SessionOptions) {
    const { group, clock, logger, shares } = options;
    this.options = options;
    this.consumer = newConsumer(options, group, {
      rebalance: (event, partitions) => this.assignment.rebalance(event, partitions),
      committed: (error, offsets) => this.commits.answered(error, offsets),
      readable: () => this.poller.readable(),
      end: (place) => this.poller.ended(place),
      // What a client says that was replaced is about nothing any more.
      error: (error) => this.isOver || this.#reported(error),
      renewed: (topic, topicId) => this.watch.renewed(topic, topicId),
      membership: (state) => this.#leaving.membershipIs(state),
      left: () => this.#leaving.told(),
    });
    const onAsking = () => this.#lookForAnswer();
    this.commits = new Commits(this.consumer as never, { clock, logger, group, onAsking });
    this.poller = new Poller({
      consumer: this.consumer,
      shares: () => shares.active.values(),
      shareOf: (topic) => shares.of(topic),
      adjust: (share) => this.adjust(share),
      failed: (error) => this.#failed(error),
    });
    this.assignment = new Assignment(this);
    this.lifeline = new Lifeline({
      clock,
      client: this.consumer,
      over: this.ended,
      isThere: () => isThere(options, this.ended),
      lost: options.onBroken,
    });
    this.watch = new LogWatch(this);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  async open(): Promise<void> {
    await connect(this.consumer);
    if (!this.isOver) this.#tick();
  }

  /** Nothing of it is heard any more; leaving the group is the caller's. */
  end(): void {
    this.#ended.abort();
    this.poller.stop();
    this.commits.close();
  }

  /** As `Leaving.leave`. */
  leave(): Promise<void> {
    return this.#leaving.leave();
  }

  /** As `Leaving.giveWay`. */
  giveWay(signal: AbortSignal, turn: Promise<void>): Promise<void> {
    return this.#leaving.giveWay(signal, turn);
  }

  /** Pauses and resumes partitions by their room. */
  adjust(share: TopicShare): void {
    for (const partition of share.partitions.values()) {
      const pause = share.shouldPause(partition);
      if (pause === partition.paused || partition.revoked) continue;
      const which = [{ topic: partition.topic, partition: partition.partition }];
      try {
        if (pause) this.consumer.pause(which);
        else this.consumer.resume(which);
        partition.paused = pause;
      } catch (error) {
        // Not assigned any more, or not connected: the assignment that follows sets it right.
        this.options.logger.debug({ err: error, topic: share.topic }, 'cannot pause or resume a partition');
      }
    }
  }

  /** The client goes on at `partition.next` once `move` has said where that is: nothing that it read before comes after. */
  seek(partition: Partition, move: () => void): Promise<void> {
    return this.poller.whileResting(partition, async () => {
      if (this.isOver || partition.revoked) return;
      move();
      const { topic, partition: id, next: offset } = partition;
      const place = { topic, partition: id, offset };
      await called((done) => this.consumer.seek(place, SEEK_MS, done as never)).catch(() => {
        // A partition whose fetching has failed takes no seek. Not while the group waits for an answer about others.
        if (this.isOver || this.assignment.isBusy || partition.revoked) return;
        this.consumer.incrementalUnassign([{ topic, partition: id }]);
        this.consumer.incrementalAssign([place]);
        partition.paused = undefined;
      });
      const share = this.options.shares.of(topic);
      if (share !== undefined) this.adjust(share);
    });
  }

  /** Has the client look at the topics that there are, and the group share those that are new. */
  refresh(): void {
    this.consumer.getMetadata({ allTopics: true, timeout: SEEK_MS } as never, () => {});
  }

  /** The cluster's answers about whole topics. */
  noted({ problems, widths }: Pick<Logs, 'problems' | 'widths'>): void {
    const { shares, widened } = this.options;
    for (const [topic, problem] of problems) shares.of(topic)?.failed(problem);
    for (const [topic, width] of widths) if (shares.of(topic)?.widenedTo(width)) widened();
  }

  commitSoon(): void {
    this.#committedAt = Number.NEGATIVE_INFINITY;
  }

  warn(error: unknown, what: string): void {
    const { logger, group } = this.options;
    logger.warn({ err: error, group }, `a Kafka consumer had trouble (${what}): ${reasonOf(error)}`);
  }

  #tick(): void {
    if (this.isOver) return;
    const { clock, durable, shares } = this.options;
    const now = clock.monotonic();
    if (durable && now - this.#committedAt >= COMMIT_MS) {
      this.#committedAt = now;
      this.commits.tick(shares.partitions(), this.ended, () => this.options.changed());
    }
    // A pause that failed, or that the client did not take, is repeated.
    for (const share of shares.active.values()) this.adjust(share);
    this.poller.tick();
    this.watch.tick(now);
    clock.setTimeout(() => this.#tick(), TICK_MS).unref();
  }

  /** Until the answer to a commit is there. */
  #lookForAnswer(): void {
    if (this.isOver || !this.commits.isAsking) return;
    this.poller.ask();
    this.options.clock.setTimeout(() => this.#lookForAnswer(), ASK_MS).unref();
  }

  #reported(error: unknown): void {
    this.lifeline.heard(error);
    this.options.onError(error);
  }

  /** What polling reports does not say which topic or partition it is about. */
  #failed(error: unknown): void {
    const { group, shares } = this.options;
    const about = aboutOf(error);
    if (about === 'client') return this.#reported(error);
    if (about !== 'group') return this.watch.soon(about === 'log');
    const refusal = refusedByGroup(group, error);
    // The client asks again and again, and is refused again.
    if (this.refusal?.message !== refusal.message) this.warn(error, 'group');
    this.refusal = refusal;
    for (const share of shares.active.values()) share.failed(refusal);
  }

  admitted(): void {
    this.refusal = undefined;
  }
}
