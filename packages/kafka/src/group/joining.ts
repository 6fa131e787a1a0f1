/** The way into a group with one more topic: a consumer, a beginning, and the declared topics that come along. */
import { type Clock, type Logger, linkedSignal, type SubscriptionSpec } from '@ebus/core/driver';
import type { ByPartition, Questions } from '../questions.js';
import { startsOf } from './lookup.js';
import type { Start } from './positions.js';
import { retrying } from './retrying.js';
import type { Sessions } from './sessions.js';
import type { Shares } from './shares.js';
import { TopicShare } from './topic-share.js';
import type { Waiters } from './waiters.js';

/** What a `Membership` tells it. */
export interface JoiningOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly durable: boolean;
  questions(): Questions;
  /** Where attempts to subscribe that failed have pinned their beginning, by topic and `from`; outlives the membership. */
  readonly pins: Map<string, ByPartition<Start>>;
  /** Subscribed with the first topic. */
  readonly declared: readonly string[];
  readonly shares: Shares;
  readonly sessions: Sessions;
  readonly waiters: Waiters;
}

const pinOf = ({ topic, from }: SubscriptionSpec) =>
  `${topic} ${typeof from === 'string' ? from : from.getTime()}`;

/** Prepares topics for their readers. */
export class Joining {
  readonly #options: JoiningOptions;
  readonly #shares: Shares;
  readonly #sessions: Sessions;
  readonly #waiters: Waiters;

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.#shares = options.shares;
    this.#sessions = options.sessions;
    this.#waiters = options.waiters;
  }

  /** An attempt failed: the next one begins where it began. */
  pin(spec: SubscriptionSpec, starts: ByPartition<Start>): void {
    this.#options.pins.set(pinOf(spec), starts);
  }

  unpin(spec: SubscriptionSpec): void {
    this.#options.pins.delete(pinOf(spec));
  }

  /**
   * Resolves once the group is joined, and it is known and pinned where the topic begins. Gives up at `signal`, and when the
   * membership ends.
   *
   * @param told hears of each trouble that is waited out
   */
  async prepare(
    spec: SubscriptionSpec,
    signal: AbortSignal,
    told: (error: unknown) => void,
  ): Promise<TopicShare> {
    const ended = linkedSignal(signal, this.#sessions.over);
    try {
      return await this.#joined(spec, ended.signal, told);
    } finally {
      ended.release();
    }
  }

  async #joined(
    spec: SubscriptionSpec,
    ended: AbortSignal,
    told: (error: unknown) => void,
  ): Promise<TopicShare> {
    await retrying(this.#options.clock, ended, () => this.#sessions.open(), told);
    // One that is just being left has to be gone first.
    await this.#waiters.until(() => !this.#shares.leaving.has(spec.topic) || ended.aborted);
    const starts = await retrying(
      this.#options.clock,
      ended,
      () => this.#startsOf(spec.topic, spec.from, ended),
      told,
    );
    const known = this.#shares.active.get(spec.topic);
    const share = known ?? new TopicShare(spec.topic);
    // What a declared topic was pinned to when it was subscribed is older, and stays.
    if (known === undefined || spec.from !== 'latest' || known.starts.size === 0) share.starts = starts;
    // An attempt that failed may have committed some: the others still begin where it began.
    const pinned = this.#options.pins.get(pinOf(spec));
    if (pinned !== undefined) share.starts = new Map([...share.starts, ...pinned]);
    this.#shares.active.set(spec.topic, share);
    await this.#declare(ended);
    return share;
  }

  async #startsOf(topic: string, from: SubscriptionSpec['from'], signal: AbortSignal) {
    const { durable, questions } = this.#options;
    try {
      return await startsOf(questions(), topic, from, durable ? this.#sessions.connected : undefined, signal);
    } catch (error) {
      // A group that is not this login's gives no answer about positions.
      throw this.#sessions.current?.refusal ?? error;
    }
  }

  /** The declared topics come along with the first one. */
  async #declare(signal: AbortSignal): Promise<void> {
    const missing = this.#options.declared.filter((topic) => !this.#shares.active.has(topic));
    for (const topic of missing) this.#shares.active.set(topic, new TopicShare(topic));
    await Promise.all(
      missing.map(async (topic) => {
        const share = this.#shares.active.get(topic) as TopicShare;
        try {
          const starts = await retrying(this.#options.clock, signal, () =>
            this.#startsOf(topic, 'latest', signal),
          );
          if (share.starts.size === 0) share.starts = starts;
        } catch (err) {
          if (share.reader === undefined) this.#shares.active.delete(topic);
          this.#options.logger.warn({ err, topic }, 'a topic of kafka.consumer.topics cannot be subscribed');
        }
      }),
    );
  }
}
