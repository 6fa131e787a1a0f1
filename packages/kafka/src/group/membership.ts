/** Membership in one group: which topics it is in for, by one consumer for all of them. */
import {
  type CallOptions,
  type PartitionLag,
  reasonOf,
  type SubscriptionSink,
  type SubscriptionSpec,
  within,
} from '@ebus/core/driver';
import { cannotSubscribe, joinedLate } from '../errors.js';
import type { NativeConsumer } from '../native-client.js';
import type { ByPartition } from '../questions.js';
import { Changes } from './changes.js';
import { type DepartureOptions, isThere, SETTLE_DOWN_MS, settleDown } from './departure.js';
import { Joining } from './joining.js';
import { lagOf } from './lookup.js';
import type { Start } from './positions.js';
import type { Session, SessionOptions } from './session.js';
import { Sessions } from './sessions.js';
import { Shares } from './shares.js';
import { KafkaSubscription } from './subscription.js';
import type { TopicShare } from './topic-share.js';
import { Waiters } from './waiters.js';

/** Options of a `Membership`, one per group of the driver. */
export interface MembershipOptions
  extends Omit<SessionOptions, 'shares' | 'kept' | 'changed' | 'widened' | 'onBroken'>,
    DepartureOptions {
  /** Where attempts to subscribe that failed have pinned their beginning, by topic and `from`; outlives the membership. */
  readonly pins: Map<string, ByPartition<Start>>;
  /** Subscribed with the first topic. */
  readonly declared: readonly string[];
  /** Leaves the group in the background; its events are ignored. */
  retire(session: Session, signal: AbortSignal): void;
  /** Leaves the group. Never rejects. */
  leave(session: Session): Promise<void>;
  /** Clean-up in the background; the clients that it asks stay open until it has ended. It never rejects. */
  onCleanUp(work: Promise<void>): void;
  /** The last subscription has gone, and so has the consumer. */
  onClosed(): void;
}

/** This process in one group: one consumer for all topics of the group, replaced when it breaks. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #shares = new Shares();
  readonly #waiters = new Waiters();
  readonly #sessions: Sessions;
  readonly #changes: Changes;
  readonly #joining: Joining;
  /** The last commits of topics that are being left. */
  readonly #committing = new Set<Promise<void>>();

  constructor(options: MembershipOptions) {
    this.#options = options;
    const warn = (error: unknown, what: string) => this.#warn(error, what);
    const shares = this.#shares;
    const waiters = this.#waiters;
    const sessions: Sessions = new Sessions({
      ...options,
      shares,
      kept: new Map(),
      changed: () => waiters.changed(),
      widened: () => this.#changes.widened(),
      replaced: () => this.#changes.soon(),
      warn,
    });
    this.#sessions = sessions;
    this.#changes = new Changes({ ...options, shares, sessions, waiters, warn });
    this.#joining = new Joining({ ...options, shares, sessions, waiters });
  }

  get #session(): Session | undefined {
    return this.#sessions.current;
  }

  get client(): NativeConsumer | undefined {
    return this.#session?.consumer;
  }

  /** Joins with one more topic. Rejects with the error of the group, the topic or the login. */
  async join(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    { signal }: CallOptions,
  ): Promise<KafkaSubscription> {
    const { group, durable } = this.#options;
    let trouble: unknown;
    const late = () => {
      throw joinedLate(spec.topic, group, trouble);
    };
    const told = (error: unknown) => {
      trouble = error;
    };
    let share: TopicShare | undefined;
    let refused: Promise<never> | undefined;
    this.#changes.preparing++;
    try {
      share = await within(this.#joining.prepare(spec, signal, told), signal, late);
      const joined = share;
      refused = new Promise((_, reject) => {
        joined.refuse = reject;
      });
      refused.catch(() => {});
      trouble = undefined;
      share.reader = sink;
      if (share.partitions.size > 0) sink.assigned([...share.partitions.keys()]);
      this.#session?.assignment.positionSoon();
    } catch (error) {
      if (this.#changes.preparing === 1 && !this.#shares.hasReaders) void this.#end();
      throw cannotSubscribe(spec.topic, group, error);
    } finally {
      this.#changes.preparing--;
      this.#changes.soon();
    }
    try {
      const joined = share;
      const ready = this.#waiters.until(() => joined.isReady(durable) || this.#sessions.over.aborted);
      await within(Promise.race([ready, refused as Promise<never>]), signal, late);
      if (this.#sessions.over.aborted) late();
      this.#joining.unpin(spec);
      return new KafkaSubscription(this, share);
    } catch (error) {
      // Its own clean-up: the caller waits no more.
      const { onCleanUp, clock } = this.#options;
      this.#joining.pin(spec, share.starts);
      onCleanUp(this.leave(share, { signal: clock.timeout(SETTLE_DOWN_MS) }));
      throw cannotSubscribe(spec.topic, group, error);
    } finally {
      share.refuse = undefined;
    }
  }

  /** Commits settled messages, and leaves the topic; with the last one, the group. */
  async leave(share: TopicShare, { signal }: CallOptions): Promise<void> {
    if (share.left.signal.aborted) return;
    share.reader = undefined;
    share.left.abort();
    const committed = this.#commit(share, signal);
    this.#committing.add(committed);
    await committed;
    this.#committing.delete(committed);
    if (this.#shares.active.get(share.topic) === share) this.#shares.active.delete(share.topic);
    const late = () => this.#warn(new Error(`leaving '${share.topic}' took too long`), 'leave');
    if (this.#shares.hasReaders || this.#changes.preparing > 0) {
      this.#shares.leaving.set(share.topic, share);
      void this.#waiters
        .until(() => share.partitions.size === 0)
        .then(() => {
          this.#shares.leaving.delete(share.topic);
          this.#waiters.changed();
        });
      this.#changes.soon();
      await within(
        this.#waiters.until(() => share.partitions.size === 0),
        signal,
        late,
      );
      return;
    }
    // Of topics that are left at the same time: the consumer that ends commits nothing more.
    await Promise.all(this.#committing);
    await within(this.#end(), signal, late);
  }

  /** Commits all that the topic has settled, within the signal's time. Never rejects. */
  async #commit(share: TopicShare, signal: AbortSignal): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    try {
      session.adjust(share);
      const owned = [...share.partitions.values()];
      const mayCommit = this.#options.durable && owned.length > 0;
      if (mayCommit && (await isThere(this.#options, signal))) await session.commits.commit(owned, signal);
    } catch (error) {
      this.#warn(error, 'commit');
    }
  }

  /** One attempt to replace the consumer. Positions, unsettled deliveries and credit stay. */
  async reconnect(): Promise<void> {
    this.#sessions.drop();
    await this.#sessions.open();
    this.#changes.soon();
  }

  async lag(topic: string, { signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const { durable, questions } = this.#options;
    const share = this.#shares.active.get(topic);
    const read = (id: number) => {
      const partition = share?.partitions.get(id);
      return partition?.isPositioned === true ? partition.place : undefined;
    };
    const lags = await lagOf(
      questions(),
      topic,
      durable ? this.#sessions.connected : undefined,
      read,
      signal,
    );
    return lags.map(({ end, ...lag }) => ({
      ...lag,
      ...share?.partitions.get(lag.partition)?.unreadOf(lag, end, this.#options.clock.now()),
    }));
  }

  /** A topic has more partitions, perhaps: the client would look after minutes. */
  widened(topic: string): void {
    if (this.#shares.active.has(topic)) this.#changes.widened();
  }

  adjust(share: TopicShare): void {
    this.#session?.adjust(share);
  }

  pump(): void {
    this.#session?.poller.pump();
  }

  /** Leaves the group and disconnects. Settled messages have been committed by now. */
  #end(): Promise<void> {
    const work = this.#disconnect().catch((error) => this.#warn(error, 'leave'));
    this.#options.onCleanUp(work);
    return work;
  }

  async #disconnect(): Promise<void> {
    if (this.#sessions.over.aborted) return;
    this.#sessions.end();
    this.#options.onClosed();
    const session = this.#session;
    this.#waiters.changed();
    if (session === undefined) return;
    if (await isThere(this.#options, session.ended)) await settleDown(session, this.#options);
    else session.end();
    await session.assignment.settled;
    this.#sessions.release();
    for (const partition of this.#shares.partitions()) partition.release();
    const isLost = session.isOver;
    session.end();
    if (isLost) this.#options.retire(session, this.#sessions.over);
    else await this.#options.leave(session);
  }

  #warn(error: unknown, what: string): void {
    const { logger, group } = this.#options;
    logger.warn({ err: error, group }, `a Kafka consumer had trouble (${what}): ${reasonOf(error)}`);
  }
}
