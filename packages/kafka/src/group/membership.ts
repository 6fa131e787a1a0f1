/** Membership in one group: which topics it is in for, by one consumer for all of them. */
import {
  type CallOptions,
  ConnectionError,
  EbusError,
  type PartitionLag,
  pause,
  reasonOf,
  type SubscriptionSink,
  type SubscriptionSpec,
  within,
} from '@ebus/core/driver';
import { UNKNOWN_TOPIC_MS } from '../client-config.js';
import { cannotSubscribe, classify } from '../errors.js';
import type { NativeConsumer } from '../native-client.js';
import { keyOf } from '../questions.js';
import { leave } from './consumer-client.js';
import { lagOf, startsOf } from './lookup.js';
import type { Partition } from './partition.js';
import { Session, type SessionOptions } from './session.js';
import { type GroupState, Settling } from './settling.js';
import { Shares } from './shares.js';
import { KafkaSubscription } from './subscription.js';
import { TopicShare } from './topic-share.js';

export interface MembershipOptions
  extends Omit<SessionOptions, 'shares' | 'kept' | 'changed' | 'widened' | 'onBroken'> {
  /** Subscribed with the first topic. */
  readonly declared: readonly string[];
  stateOf(group: string): Promise<GroupState>;
  /** Leaves the group in the background; nobody listens any more. */
  retire(consumer: NativeConsumer): void;
  /** Clean-up that nobody waits for; the clients that it asks stay open until it has ended. It never rejects. */
  onCleanUp(work: Promise<void>): void;
  /** The last subscription has gone, and so has the consumer. */
  onClosed(): void;
}

/** Subscriptions made within it are one change. */
const COALESCE_MS = 30;
/** A change of the subscription that brings no assignment for so long is not waited for by the next one. */
const CHANGE_MS = 15_000;
const AGAIN_MS = 200;
/** How long leaving waits for a rebalance to end. */
const SETTLE_DOWN_MS = 5_000;
const SETTLE_POLL_MS = 50;
/** A broker that is there answers within it. */
const ANSWERS_MS = 1_000;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #shares = new Shares();
  readonly #kept = new Map<string, Partition>();
  readonly #waiters = new Set<() => void>();
  readonly #over = new AbortController();
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  /** Counts the consumers: one that connects after a newer one was begun is retired. */
  #attempt = 0;
  /** Subscriptions that are being prepared and will be part of the next change. */
  #preparing = 0;
  #isChanging = false;
  #changes: Promise<void> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get client(): NativeConsumer | undefined {
    return this.#session?.consumer;
  }

  /** Joins with one more topic. Rejects with what the group, the topic or the login said. */
  async join(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    { signal }: CallOptions,
  ): Promise<KafkaSubscription> {
    const { group, durable } = this.#options;
    let trouble: unknown;
    const late = () => {
      throw this.#late(spec.topic, trouble);
    };
    const told = (error: unknown) => {
      trouble = error;
    };
    let share: TopicShare | undefined;
    let refused: Promise<never> | undefined;
    this.#preparing++;
    try {
      share = await within(this.#prepare(spec, signal, told), signal, late);
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
      if (this.#preparing === 1 && !this.#shares.hasReaders) void this.#end();
      throw cannotSubscribe(spec.topic, group, error);
    } finally {
      this.#preparing--;
      this.#changeSoon();
    }
    try {
      const joined = share;
      const ready = this.#until(() => joined.isReady(durable) || this.#over.signal.aborted);
      await within(Promise.race([ready, refused as Promise<never>]), signal, late);
      if (this.#over.signal.aborted) late();
      return new KafkaSubscription(this, share);
    } catch (error) {
      // Its own clean-up: the caller waits no more.
      const { onCleanUp, clock } = this.#options;
      onCleanUp(this.leave(share, { signal: clock.timeout(SETTLE_DOWN_MS) }));
      throw cannotSubscribe(spec.topic, group, error);
    } finally {
      share.refuse = undefined;
    }
  }

  /** Commits what was settled, and leaves the topic; with the last one, the group. */
  async leave(share: TopicShare, { signal }: CallOptions): Promise<void> {
    if (share.left.signal.aborted) return;
    share.reader = undefined;
    share.left.abort();
    const session = this.#session;
    try {
      if (session !== undefined) {
        session.adjust(share);
        const owned = [...share.partitions.values()];
        if (this.#options.durable && owned.length > 0) await session.commits.commit(owned, signal);
      }
    } catch (error) {
      this.#warn(error, 'commit');
    }
    if (this.#shares.active.get(share.topic) === share) this.#shares.active.delete(share.topic);
    const late = () => this.#warn(new Error(`leaving '${share.topic}' took too long`), 'leave');
    if (this.#shares.hasReaders || this.#preparing > 0) {
      this.#shares.leaving.set(share.topic, share);
      void this.#until(() => share.partitions.size === 0).then(() => {
        this.#shares.leaving.delete(share.topic);
        this.#changed();
      });
      this.#changeSoon();
      await within(
        this.#until(() => share.partitions.size === 0),
        signal,
        late,
      );
      return;
    }
    await within(this.#end(), signal, late);
  }

  /** One attempt to replace the consumer. Positions, unsettled deliveries and credit stay. */
  async reconnect(): Promise<void> {
    this.#drop();
    await this.#open();
    this.#changeSoon();
  }

  async lag(topic: string, { signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const { durable, questions } = this.#options;
    const share = this.#shares.active.get(topic);
    const read = (id: number) => {
      const partition = share?.partitions.get(id);
      return partition?.isPositioned === true ? partition.place : undefined;
    };
    const lags = await lagOf(questions(), topic, durable ? this.#connected() : undefined, read, signal);
    return lags.map(({ end, ...lag }) => ({
      ...lag,
      ...share?.partitions.get(lag.partition)?.unreadOf(lag, end, this.#options.clock.now()),
    }));
  }

  /** A topic has more partitions, perhaps: the client would look after minutes. */
  widened(topic: string): void {
    if (this.#shares.active.has(topic)) this.#widened();
  }

  adjust(share: TopicShare): void {
    this.#session?.adjust(share);
  }

  pump(): void {
    this.#session?.poller.pump();
  }

  /** @param told hears of each trouble that is waited out */
  async #prepare(
    spec: SubscriptionSpec,
    signal: AbortSignal,
    told: (error: unknown) => void,
  ): Promise<TopicShare> {
    const ended = AbortSignal.any([signal, this.#over.signal]);
    await this.#retrying(ended, () => this.#open(), told);
    // One that is just being left has to be gone first.
    await this.#until(() => !this.#shares.leaving.has(spec.topic) || ended.aborted);
    const starts = await this.#retrying(ended, () => this.#startsOf(spec.topic, spec.from, ended), told);
    const known = this.#shares.active.get(spec.topic);
    const share = known ?? new TopicShare(spec.topic);
    // What a declared topic was pinned to when it was subscribed is older, and stays.
    if (known === undefined || spec.from !== 'latest' || known.starts.size === 0) share.starts = starts;
    this.#shares.active.set(spec.topic, share);
    await this.#declare(ended);
    return share;
  }

  #startsOf(topic: string, from: SubscriptionSpec['from'], signal: AbortSignal) {
    const { durable, questions } = this.#options;
    return startsOf(questions(), topic, from, durable ? this.#connected() : undefined, signal);
  }

  /** The declared topics come along with the first one. */
  async #declare(signal: AbortSignal): Promise<void> {
    const missing = this.#options.declared.filter((topic) => !this.#shares.active.has(topic));
    for (const topic of missing) this.#shares.active.set(topic, new TopicShare(topic));
    await Promise.all(
      missing.map(async (topic) => {
        const share = this.#shares.active.get(topic) as TopicShare;
        try {
          const starts = await this.#retrying(signal, () => this.#startsOf(topic, 'latest', signal));
          if (share.starts.size === 0) share.starts = starts;
        } catch (err) {
          if (share.reader === undefined) this.#shares.active.delete(topic);
          this.#options.logger.warn({ err, topic }, 'a topic of kafka.consumer.topics cannot be subscribed');
        }
      }),
    );
  }

  #connected(): NativeConsumer {
    if (this.#session !== undefined) return this.#session.consumer;
    throw new ConnectionError(`group '${this.#options.group}' is not connected to Kafka`);
  }

  #open(): Promise<Session> {
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    this.#opening ??= this.#connect(++this.#attempt);
    return this.#opening;
  }

  async #connect(attempt: number): Promise<Session> {
    try {
      const session: Session = new Session({
        ...this.#options,
        shares: this.#shares,
        kept: this.#kept,
        changed: () => this.#changed(),
        widened: () => this.#widened(),
        onBroken: (cause) => this.#replace(session, cause),
      });
      await session.open();
      if (attempt !== this.#attempt || this.#over.signal.aborted) {
        session.end();
        this.#options.retire(session.consumer);
        throw new EbusError('the consumer came too late', { code: 'ABORTED', retryable: true });
      }
      this.#session = session;
      return session;
    } finally {
      if (attempt === this.#attempt) this.#opening = undefined;
    }
  }

  /** Nothing is heard of the present consumer any more; what it had is kept for the next one. */
  #drop(): void {
    this.#attempt++;
    this.#opening = undefined;
    const old = this.#session;
    this.#session = undefined;
    for (const partition of this.#shares.partitions()) this.#kept.set(keyOf(partition), partition);
    for (const share of this.#shares.active.values()) share.lose();
    for (const share of this.#shares.leaving.values()) share.lose();
    if (old === undefined) return;
    old.end();
    this.#options.retire(old.consumer);
  }

  #replace(session: Session, cause: unknown): void {
    if (this.#session !== session) return;
    this.#warn(cause, 'replaced');
    this.#drop();
    this.#retrying(this.#over.signal, () => this.#open()).then(
      () => this.#changeSoon(),
      (error) => this.#warn(error, 'connect'),
    );
  }

  /** Once no further subscription is being prepared, all changes are made as one. */
  #changeSoon(): void {
    if (this.#preparing > 0 || this.#isChanging || this.#over.signal.aborted) return;
    this.#isChanging = true;
    const change = async () => {
      this.#isChanging = false;
      if (this.#preparing === 0) await this.#change();
    };
    this.#options.clock.setTimeout(() => {
      this.#changes = this.#changes.then(change).catch((error) => this.#warn(error, 'subscribe'));
    }, COALESCE_MS);
  }

  /** Ends with the assignment that follows, so that changes meanwhile are one again. */
  async #change(): Promise<void> {
    const session = this.#session;
    const wanted = [...this.#shares.active.keys()];
    if (session === undefined || this.#over.signal.aborted || wanted.length === 0) return;
    if (!this.#options.durable) return this.#takeAll(session, wanted);
    const present = session.consumer.subscription();
    const isSame = present.length === wanted.length && wanted.every((topic) => present.includes(topic));
    if (!isSame) {
      const before = session.assignment.answers;
      session.consumer.subscribe(wanted);
      session.poller.serve();
      const { clock } = this.#options;
      await within(
        this.#until(() => session.assignment.answers > before || session.isOver),
        { clock, ms: CHANGE_MS },
        () => {},
      );
    }
  }

  /** Without a group: all partitions of all topics, those that were added since included. */
  async #takeAll(session: Session, topics: readonly string[]): Promise<void> {
    const { questions } = this.#options;
    for (const topic of this.#shares.leaving.values()) {
      session.consumer.incrementalUnassign([...topic.partitions.values()]);
      topic.lose();
    }
    const infos = await this.#retrying(session.ended, () => questions().topics(topics, session.ended));
    const fresh = topics.flatMap((topic) => {
      const info = infos.get(topic);
      if (info === undefined || info instanceof Error) return [];
      const has = this.#shares.active.get(topic)?.partitions;
      return info.partitions.flatMap(({ partition }) => (has?.has(partition) ? [] : [{ topic, partition }]));
    });
    if (fresh.length > 0) await session.assignment.assign(fresh);
    session.poller.serve();
    this.#changed();
  }

  #widened(): void {
    if (this.#options.durable) this.#session?.refresh();
    else this.#changeSoon();
  }

  /** Leaves the group and disconnects, whoever waits for it. What was settled has been committed by now. */
  #end(): Promise<void> {
    const work = this.#disconnect().catch((error) => this.#warn(error, 'leave'));
    this.#options.onCleanUp(work);
    return work;
  }

  async #disconnect(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#options.onClosed();
    const session = this.#session;
    this.#attempt++;
    this.#changed();
    if (session === undefined) return;
    await this.#settleDown(session);
    await session.assignment.settled;
    this.#session = undefined;
    for (const partition of this.#shares.partitions()) partition.release();
    session.end();
    await leave(session.consumer);
  }

  /**
   * Waits while it joins and the group rebalances, bounded. A client that disconnects meanwhile tells the broker nothing,
   * and its share would go to nobody until the session ends.
   */
  async #settleDown(session: Session): Promise<void> {
    if (session.consumer.subscription().length === 0) return;
    const { group, logger, stateOf, clock, questions } = this.#options;
    const signal = clock.timeout(SETTLE_DOWN_MS);
    const late = () => {
      throw new Error(`it did not end within ${SETTLE_DOWN_MS} ms`);
    };
    try {
      // Asking for the group where no broker answers would keep the process alive for a minute.
      await questions().brokers(AbortSignal.any([signal, clock.timeout(ANSWERS_MS)]));
      const settling = new Settling();
      while (!signal.aborted && !session.isRefused) {
        session.poller.serve();
        await within(session.assignment.settled, signal, late);
        const state = await within(stateOf(group), signal, late);
        if (settling.isOver(state, clock.monotonic(), session.assignment.answeredAt)) return;
        await pause(clock, SETTLE_POLL_MS);
      }
    } catch (error) {
      logger.debug({ err: error, group }, 'cannot see whether the group rebalances');
    }
  }

  /** A leader or coordinator that moves or is elected is there soon. */
  async #retrying<T>(
    signal: AbortSignal,
    action: () => Promise<T>,
    told?: (error: unknown) => void,
  ): Promise<T> {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    for (;;) {
      try {
        return await action();
      } catch (error) {
        const { code, retryable } = classify(error);
        // Not every broker knows a topic that was just created.
        const mayCome = code === 'TOPIC_NOT_FOUND' && clock.monotonic() - begun < UNKNOWN_TOPIC_MS;
        if (signal.aborted || (!retryable && !mayCome)) throw error;
        told?.(error);
        await pause(clock, AGAIN_MS, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** Looked at again after each change of what the group, the broker or this process says. */
  #until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
    });
  }

  #changed(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** @param trouble kept it from joining */
  #late(topic: string, trouble?: unknown): EbusError {
    const { group } = this.#options;
    const text =
      trouble === undefined
        ? `group '${group}' was assigned nothing of '${topic}' in time`
        : `subscribing to '${topic}' as group '${group}' over Kafka failed: ${reasonOf(trouble)}`;
    return new EbusError(text, { code: 'SUBSCRIBE_FAILED', retryable: true, cause: trouble });
  }

  #warn(error: unknown, what: string): void {
    const { logger, group } = this.#options;
    logger.warn({ err: error, group }, `a Kafka consumer had trouble (${what}): ${reasonOf(error)}`);
  }
}
