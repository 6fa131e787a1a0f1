/** The one consumer of a group: joins it for all topics, polls, and moves partitions as the group decides. */

import type { Message } from '@confluentinc/kafka-javascript';
import {
  type CallOptions,
  ConnectionError,
  EbusError,
  type Logger,
  type PartitionLag,
  reasonOf,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import { consumerConfig, UNKNOWN_TOPIC_MS } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { CODE, cannotSubscribe, classify, codeOf, refusedSettings } from './errors.js';
import { called, type NativeClient, type NativeConsumer, within } from './native-client.js';
import {
  committedOffsets,
  keyOf,
  lagOf,
  offsetsAt,
  partitionsOf,
  pinnedStarts,
  type TopicPartition,
} from './offsets.js';
import { Partition } from './partition.js';
import { KafkaSubscription } from './subscription.js';
import { TopicShare } from './topic-share.js';

export interface GroupConsumerOptions {
  readonly client: NativeClient;
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  readonly group: string;
  /**
   * False: nobody shares it and nothing is committed, so all partitions are read without joining. The cluster never
   * hears of the group.
   */
  readonly durable: boolean;
  /** Subscribed with the first topic. */
  readonly declared: readonly string[];
  readonly logger: Logger;
  /** Whether the broker says that the group is rebalancing. */
  isRebalancing(group: string): Promise<boolean>;
  onError(error: unknown): void;
  /** Leaves the group in the background; nobody listens any more. */
  retire(consumer: NativeConsumer): void;
  /** The last subscription has gone, and so has the consumer. */
  onClosed(): void;
}

/** Messages of one poll. */
const BATCH = 500;
/** How often offsets are stored, and how long polling pauses at most. */
const TICK_MS = 250;
/** Subscriptions made within it are one change. */
const COALESCE_MS = 30;
/** How long one attempt to connect may block a thread. */
const CONNECT_MS = 5_000;
/** A change of the subscription that brings no assignment for so long is not waited for by the next one. */
const CHANGE_MS = 15_000;
/** For the requests of a rebalance, beside what is waited for. */
const SLACK_MS = 1_000;
const REVOKE_MS = 30_000;
const RETRY_MS = 200;
/** How often a topic that is read without a group is looked at for further partitions. */
const WIDENED_MS = 60_000;
/** How long leaving waits for a rebalance to end. */
const SETTLE_DOWN_MS = 5_000;
const SETTLE_POLL_MS = 50;

export class GroupConsumer {
  readonly #options: GroupConsumerOptions;
  readonly #topics = new Map<string, TopicShare>();
  /** Of before the client was replaced, by `topic:partition`. */
  readonly #kept = new Map<string, Partition>();
  #consumer: NativeConsumer | undefined;
  #connecting: Promise<void> | undefined;
  #tick: NodeJS.Timeout | undefined;
  #rebalances: Promise<void> = Promise.resolve();
  /** Subscriptions that are being prepared and will be part of the next change. */
  #preparing = 0;
  #changeTimer: NodeJS.Timeout | undefined;
  #changes: Promise<void> = Promise.resolve();
  #assigned: (() => void) | undefined;
  #lookedAt = 0;
  #asking: Promise<unknown> = Promise.resolve();
  readonly #waiters = new Set<() => void>();
  #consuming = false;
  #mayHaveMore = false;
  #polled = false;
  #closed = false;

  constructor(options: GroupConsumerOptions) {
    this.#options = options;
  }

  get client(): NativeConsumer | undefined {
    return this.#consumer;
  }

  async join(spec: SubscriptionSpec, { signal }: CallOptions): Promise<KafkaSubscription> {
    const { group } = this.#options;
    this.#preparing++;
    let share: TopicShare;
    let subscription: KafkaSubscription;
    try {
      share = await within(this.#prepare(spec, signal), signal, () => this.#late(spec.topic));
      subscription = new KafkaSubscription(spec, this, share);
      share.reader = subscription;
    } catch (error) {
      const isLast = this.#preparing === 1 && !this.#hasReaders();
      if (isLast) this.#end().catch((late) => this.#warn(late, 'leave'));
      throw cannotSubscribe(spec.topic, group, error);
    } finally {
      this.#preparing--;
      this.#changeSoon();
    }
    try {
      const ready = this.#until(() => share.isReady || this.#closed).then(() => this.#position(share));
      await within(ready, signal, () => this.#late(spec.topic));
      return subscription;
    } catch (error) {
      await subscription.close({ signal }).catch(() => {});
      throw cannotSubscribe(spec.topic, group, error);
    }
  }

  /** Commits what was settled, and leaves the topic; with the last one, the group. */
  async leave(share: TopicShare, reader: KafkaSubscription, { signal }: CallOptions): Promise<void> {
    if (share.reader !== reader) return;
    share.reader = undefined;
    share.isReady = false;
    share.left.abort();
    this.#topics.delete(share.name);
    const late = () => new EbusError(`leaving '${share.name}' took too long`, { code: 'ABORTED' });
    await within(this.#commit(share.partitions), signal, late).catch((error) => this.#warn(error, 'commit'));
    this.#adopt(share);
    if (this.#hasReaders() || this.#preparing > 0) {
      this.#changeSoon();
      await within(
        this.#until(() => share.partitions.length === 0 || this.#closed),
        signal,
        late,
      ).catch((error) => this.#warn(error, 'leave'));
      return;
    }
    await within(this.#end(), signal, late).catch((error) => this.#warn(error, 'leave'));
  }

  /** A new client in place of this one. Positions, unsettled deliveries and whoever waits for messages stay. */
  async reconnect(): Promise<void> {
    const old = this.#consumer;
    for (const share of this.#topics.values()) {
      for (const partition of [...share.partitions]) {
        this.#kept.set(keyOf({ topic: share.name, partition: partition.id }), partition);
        share.delete(partition.id);
      }
    }
    this.#consumer = undefined;
    this.#connecting = undefined;
    this.#rebalances = Promise.resolve();
    if (old !== undefined) this.#options.retire(old);
    await this.#connect();
    this.#changeSoon();
  }

  async lag(topic: string, { signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const late = () =>
      new ConnectionError(
        `the lag of '${topic}' for group '${this.#options.group}' was not answered in time`,
      );
    // One after the other: while nobody answers, each holds one of the few threads that the process has for such.
    const asked = this.#asking.then(() => {
      if (signal.aborted) throw late();
      return lagOf(this.#connected(), topic);
    });
    this.#asking = asked.catch(() => {});
    const lags = await within(asked, signal, late);
    const share = this.#topics.get(topic);
    return lags.map(({ end, ...lag }) => ({ ...lag, ...share?.get(lag.partition)?.unreadOf(lag, end) }));
  }

  /** Fetches, where there is room or somebody waits. */
  pump(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#consuming || !this.#mayHaveMore || !this.#hasRoom()) return;
    this.#consuming = true;
    this.#mayHaveMore = false;
    this.#polled = true;
    // Never blocks: the client says when its queue is no longer empty.
    consumer.consume(BATCH, (error, messages) => this.#received(consumer, error, messages));
  }

  /** Messages of a topic were handed over. */
  taken(share: TopicShare): void {
    if (share.stalled && share.hasLittle) share.stalled = false;
    this.adjust(share);
    this.pump();
  }

  /** Pauses and resumes what has to be. */
  adjust(share: TopicShare): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    for (const partition of share.partitions) {
      const pause = share.shouldPause(partition);
      if (pause === partition.paused || partition.revoked) continue;
      const which = [{ topic: share.name, partition: partition.id }];
      try {
        if (pause) consumer.pause(which);
        else consumer.resume(which);
        partition.paused = pause;
      } catch (error) {
        // Not assigned any more, or not connected: the assignment that follows sets it right.
        this.#options.logger.debug({ err: error, topic: share.name }, 'cannot pause or resume a partition');
      }
    }
  }

  async #prepare(spec: SubscriptionSpec, signal: AbortSignal): Promise<TopicShare> {
    const asked = () => !signal.aborted && !this.#closed;
    await this.#retrying(asked, () => this.#connect());
    // One that is just being left has to be gone first.
    await this.#until(() => !this.#topics.has(leaving(spec.topic)));
    const starts = await this.#retrying(asked, () => this.#startsOf(spec.topic, spec.from));
    if (starts === undefined) throw this.#late(spec.topic);
    const known = this.#topics.get(spec.topic);
    const share = known ?? new TopicShare(spec.topic);
    // What a declared topic was pinned to when it was subscribed is older, and stays.
    if (known === undefined || spec.from !== 'latest' || known.starts.size === 0) share.starts = starts;
    if (known === undefined) this.#topics.set(spec.topic, share);
    await this.#declare(asked);
    return share;
  }

  async #startsOf(topic: string, from: SubscriptionSpec['from']): Promise<Map<string, number>> {
    const consumer = this.#connected();
    if (this.#options.durable) return pinnedStarts(consumer, topic, from);
    return offsetsAt(consumer, await partitionsOf(consumer, topic), from);
  }

  /** The declared topics come along with the first one. */
  async #declare(asked: () => boolean): Promise<void> {
    const missing = this.#options.declared.filter((topic) => !this.#topics.has(topic));
    await Promise.all(
      missing.map(async (topic) => {
        const share = new TopicShare(topic);
        this.#topics.set(topic, share);
        try {
          const starts = await this.#retrying(asked, () => this.#startsOf(topic, 'latest'));
          if (starts !== undefined && share.starts.size === 0) share.starts = starts;
        } catch (error) {
          if (share.reader === undefined) this.#topics.delete(topic);
          this.#options.logger.warn(
            { err: error, topic },
            'a topic of kafka.consumer.topics cannot be subscribed',
          );
        }
      }),
    );
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#open().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #open(): Promise<void> {
    const { client, config, serviceName, group, durable, onError } = this.#options;
    let consumer: NativeConsumer;
    try {
      const settings = {
        ...consumerConfig(config, serviceName, group, durable),
        rebalance_cb: (error: unknown, partitions: TopicPartition[]) =>
          this.#rebalance(consumer, error, partitions),
        queue_non_empty_cb: () => {
          this.#mayHaveMore = true;
          this.pump();
        },
      };
      consumer = new client.KafkaConsumer(settings as never) as NativeConsumer;
    } catch (cause) {
      throw refusedSettings(cause);
    }
    consumer.setDefaultConsumeTimeout(0);
    consumer.on('event.error', (error: unknown) => {
      // What a client says that was replaced is about nothing any more.
      if (this.#consumer === consumer || this.#consumer === undefined) onError(error);
    });
    await called((done) => consumer.connect({ allTopics: false, timeout: CONNECT_MS }, done as never));
    if (this.#closed) {
      this.#options.retire(consumer);
      throw new EbusError('the subscription was closed meanwhile', { code: 'ABORTED' });
    }
    this.#consumer = consumer;
    this.#consuming = false;
    this.#tick ??= setInterval(() => this.#ticked(), TICK_MS).unref();
  }

  #connected(): NativeConsumer {
    if (this.#consumer !== undefined) return this.#consumer;
    throw new ConnectionError(`group '${this.#options.group}' is not connected to Kafka`);
  }

  /** Once no further subscription is being prepared, all changes are made as one. */
  #changeSoon(): void {
    if (this.#preparing > 0 || this.#changeTimer !== undefined || this.#closed) return;
    this.#changeTimer = setTimeout(() => {
      this.#changeTimer = undefined;
      if (this.#preparing > 0) return;
      this.#changes = this.#changes
        .then(() => this.#change())
        .catch((error) => this.#warn(error, 'subscribe'));
    }, COALESCE_MS);
  }

  /** Ends with the assignment that follows, so that changes meanwhile are one again. */
  async #change(): Promise<void> {
    const consumer = this.#consumer;
    const wanted = [...this.#topics.keys()].filter((key) => !isLeaving(key));
    if (consumer === undefined || this.#closed || wanted.length === 0) return;
    if (!this.#options.durable) return this.#takeAll(consumer, wanted);
    const present = consumer.subscription();
    if (present.length === wanted.length && wanted.every((topic) => present.includes(topic))) return;
    const follows = new Promise<void>((resolve) => {
      this.#assigned = resolve;
    });
    consumer.subscribe(wanted);
    this.#mayHaveMore = true;
    this.pump();
    const timer = setTimeout(() => this.#assigned?.(), CHANGE_MS);
    await follows;
    clearTimeout(timer);
    this.#assigned = undefined;
    this.#forEmptyShares(wanted);
  }

  /** Without a group: all partitions of all topics, those that were added since included. */
  async #takeAll(consumer: NativeConsumer, topics: readonly string[]): Promise<void> {
    this.#lookedAt = performance.now();
    const asked = () => consumer === this.#consumer;
    const found = await this.#retrying(asked, () =>
      Promise.all(topics.map((topic) => partitionsOf(consumer, topic))),
    );
    const fresh = (found ?? [])
      .flat()
      .filter(({ topic, partition }) => this.#shareOf(topic).get(partition) === undefined);
    if (fresh.length > 0) await this.#assign(consumer, fresh);
    this.#mayHaveMore = true;
    this.pump();
    this.#wake();
  }

  /** A member may get nothing of a topic, and is subscribed all the same. */
  #forEmptyShares(topics: readonly string[]): void {
    const empty = topics.map((topic) => this.#topics.get(topic)).filter((share) => share?.isReady === false);
    if (empty.length === 0) return;
    // Others may have to let go of some first, which they learn by a heartbeat, as this member does of the rest.
    const twoHeartbeats = 2 * this.#options.config.consumer.heartbeatInterval + SLACK_MS;
    setTimeout(() => {
      for (const share of empty) if (share !== undefined) share.isReady = true;
      this.#wake();
    }, twoHeartbeats).unref();
  }

  /** Called by the client, one event after the other; each must be answered before the next comes. */
  #rebalance(consumer: NativeConsumer, event: unknown, partitions: readonly TopicPartition[]): void {
    if (consumer !== this.#consumer) {
      // It is disconnecting, and waits for this; any other call of it would wait for that in turn.
      if (codeOf(event) === CODE.revokePartitions) consumer.incrementalUnassign(partitions);
      return;
    }
    const handle = codeOf(event) === CODE.assignPartitions ? this.#assign : this.#revoke;
    this.#rebalances = this.#rebalances
      .then(() => handle.call(this, consumer, partitions))
      .catch((error) => this.#warn(error, 'rebalance'))
      .finally(() => this.#wake());
  }

  async #assign(consumer: NativeConsumer, partitions: readonly TopicPartition[]): Promise<void> {
    const asked = () => consumer === this.#consumer;
    const found = await this.#retrying(asked, () => this.#positionsOf(consumer, partitions));
    if (found === undefined) return;
    const { positions, unread } = found;
    const fresh: Partition[] = [];
    const assignment = partitions.map((one) => {
      const { topic, partition: id } = one;
      const committed = positions.get(keyOf(one)) ?? 0;
      const kept = this.#kept.get(keyOf(one));
      this.#kept.delete(keyOf(one));
      const isMine =
        kept !== undefined && !kept.released && committed <= (kept.tracker.watermark ?? committed);
      if (kept !== undefined && !isMine) this.#lose(kept);
      const partition = isMine ? kept : new Partition(topic, id, committed);
      if (!isMine) fresh.push(partition);
      partition.paused = false;
      partition.isPositioned ||= !unread.has(topic);
      if (isMine) partition.stored = committed;
      this.#shareOf(topic).add(partition);
      return { topic, partition: id, offset: partition.next };
    });
    consumer.incrementalAssign(assignment);
    for (const share of new Set(partitions.map(({ topic }) => this.#shareOf(topic)))) {
      this.adjust(share);
      const ids = fresh.filter(({ topic }) => topic === share.name).map(({ id }) => id);
      if (ids.length > 0) share.reader?.listener?.assigned(ids);
      share.isReady = true;
    }
    for (const partition of this.#kept.values()) this.#lose(partition);
    this.#kept.clear();
    this.#assigned?.();
  }

  /** Where each partition goes on, by `topic:partition`; a start that nobody committed yet is committed first. */
  async #positionsOf(
    consumer: NativeConsumer,
    partitions: readonly TopicPartition[],
  ): Promise<{ positions: Map<string, number>; unread: ReadonlySet<string> }> {
    const topics = partitions.map(({ topic }) => topic);
    // A topic that nobody reads yet is not positioned: its reader will say where.
    const unread = new Set(topics.filter((topic) => this.#shareOf(topic).reader === undefined));
    const { durable } = this.#options;
    const positions = durable ? await committedOffsets(consumer, partitions) : new Map<string, number>();
    const without = partitions.filter((one) => !positions.has(keyOf(one)));
    const unknown: TopicPartition[] = [];
    const pinned: { topic: string; partition: number; offset: number }[] = [];
    for (const one of without) {
      const share = this.#shareOf(one.topic);
      const offset = share.starts.get(keyOf(one));
      if (offset === undefined) unknown.push(one);
      else pinned.push({ ...one, offset });
    }
    // Made after the subscription was: from its beginning.
    const begins = await offsetsAt(consumer, unknown, 'earliest');
    for (const one of unknown) pinned.push({ ...one, offset: begins.get(keyOf(one)) ?? 0 });
    const read = pinned.filter(({ topic }) => !unread.has(topic));
    if (durable && read.length > 0) await called((done) => consumer.commitCb(read, done));
    for (const one of pinned) positions.set(keyOf(one), one.offset);
    return { positions, unread };
  }

  /** The topic was assigned before somebody read it: where the group has no position, the reader says. */
  async #position(share: TopicShare): Promise<void> {
    const partitions = share.partitions.filter(({ isPositioned }) => !isPositioned);
    if (partitions.length === 0) return;
    const consumer = this.#connected();
    const { positions } = await this.#positionsOf(
      consumer,
      partitions.map(({ topic, id }) => ({ topic, partition: id })),
    );
    for (const { topic, id, paused } of partitions) {
      const toppar = { topic, partition: id, offset: positions.get(keyOf({ topic, partition: id })) ?? 0 };
      await called((done) => consumer.seek(toppar, CONNECT_MS, done as never));
      // Unless it went to another member meanwhile.
      if (share.get(id) === undefined) continue;
      const partition = new Partition(topic, id, toppar.offset);
      partition.paused = paused;
      partition.isPositioned = true;
      share.add(partition);
    }
    this.adjust(share);
  }

  async #revoke(consumer: NativeConsumer, partitions: readonly TopicPartition[]): Promise<void> {
    const going: Partition[] = [];
    for (const { topic, partition: id } of partitions) {
      const partition = this.#shareOf(topic).get(id);
      if (partition === undefined) continue;
      partition.revoked = true;
      partition.buffer.clear();
      going.push(partition);
    }
    if (consumer.assignmentLost()) {
      for (const partition of going) this.#lose(partition);
    } else {
      await Promise.all(
        [...new Set(going.map(({ topic }) => topic))].map(async (topic) => {
          const share = this.#shareOf(topic);
          const ids = going.filter((one) => one.topic === topic).map(({ id }) => id);
          const signal = AbortSignal.any([share.left.signal, AbortSignal.timeout(REVOKE_MS)]);
          await share.reader?.listener?.revoked(ids, { signal });
        }),
      );
      if (!consumer.assignmentLost()) await this.#commit(going).catch((error) => this.#warn(error, 'commit'));
    }
    for (const partition of going) {
      partition.release();
      this.#shareOf(partition.topic).delete(partition.id);
    }
    consumer.incrementalUnassign(partitions);
  }

  #lose(partition: Partition): void {
    partition.release();
    this.#shareOf(partition.topic).reader?.listener?.lost([partition.id]);
  }

  /** Stores and commits the settled prefix of each. */
  async #commit(partitions: readonly Partition[]): Promise<void> {
    const consumer = this.#options.durable ? this.#consumer : undefined;
    const offsets = this.#store(partitions);
    const all = offsets.length > 0 ? offsets : this.#uncommitted(partitions);
    if (consumer === undefined || all.length === 0) return;
    await called((done) => consumer.commitCb(all, done));
  }

  /** Stored a while ago, and perhaps not committed yet. */
  #uncommitted(partitions: readonly Partition[]) {
    return partitions
      .filter(({ stored, tracker }) => stored !== undefined && tracker.watermark !== undefined)
      .map(({ topic, id, stored }) => ({ topic, partition: id, offset: stored as number }));
  }

  /** Gives the client what it may commit. */
  #store(partitions: readonly Partition[]): { topic: string; partition: number; offset: number }[] {
    const consumer = this.#options.durable ? this.#consumer : undefined;
    if (consumer === undefined) return [];
    const moved = partitions.filter(({ unstored, released }) => unstored !== undefined && !released);
    if (moved.length === 0) return [];
    const offsets = moved.map(({ topic, id, unstored }) => ({
      topic,
      partition: id,
      offset: unstored as number,
    }));
    try {
      consumer.offsetsStore(offsets);
      moved.forEach((partition, i) => {
        partition.stored = offsets[i]?.offset;
      });
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'cannot store offsets; they are stored with the next ones');
    }
    return offsets;
  }

  #received(consumer: NativeConsumer, error: unknown, messages: readonly Message[] | undefined): void {
    if (consumer !== this.#consumer) return;
    this.#consuming = false;
    if (error !== null && error !== undefined) this.#failed(error);
    if (messages !== undefined && messages.length > 0) {
      let share: TopicShare | undefined;
      let partition: Partition | undefined;
      const fed = new Set<TopicShare>();
      const now = Date.now();
      for (const message of messages) {
        if (partition?.topic !== message.topic || partition.id !== message.partition) {
          share = this.#topics.get(message.topic);
          partition = share?.get(message.partition);
          if (share !== undefined) fed.add(share);
        }
        // Of a partition that has just gone: whoever has it now reads it.
        if (partition !== undefined && !partition.revoked) partition.receive(message, now);
      }
      this.#mayHaveMore ||= messages.length === BATCH;
      for (const one of fed) one.reader?.feed();
    }
    this.pump();
  }

  /** What polling reports is about a topic or the group: unknown, not allowed. */
  #failed(error: unknown): void {
    const { code } = classify(error);
    if (code !== 'TOPIC_NOT_FOUND' && code !== 'UNAUTHORIZED') return this.#options.onError(error);
    for (const { name, reader } of this.#topics.values()) {
      reader?.fail(cannotSubscribe(name, this.#options.group, error));
    }
  }

  /** The queue is all topics': where one has enough and another waits, the first is paused. */
  #hasRoom(): boolean {
    let hasEnough = false;
    let hungry = false;
    for (const share of this.#topics.values()) {
      hungry ||= share.reader?.isHungry === true;
      hasEnough ||= !share.stalled && share.hasEnough;
    }
    if (hasEnough && hungry) this.#stallFull();
    return hungry || !hasEnough;
  }

  #stallFull(): void {
    for (const share of this.#topics.values()) {
      if (share.stalled || !share.hasEnough) continue;
      share.stalled = true;
      this.adjust(share);
    }
  }

  /** Keeps the session alive while nobody asks, and moves what was settled on. */
  #ticked(): void {
    if (this.#consumer === undefined) return;
    for (const share of this.#topics.values()) this.#store(share.partitions);
    if (!this.#polled) this.#stallFull();
    this.#mayHaveMore = true;
    this.pump();
    this.#polled = false;
    const mayBeWider = !this.#options.durable && performance.now() - this.#lookedAt > WIDENED_MS;
    if (mayBeWider && this.#lookedAt > 0) this.#changeSoon();
  }

  /** Leaves the group and disconnects. What was settled has been committed by now. */
  async #end(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#changeTimer);
    this.#options.onClosed();
    const consumer = this.#consumer;
    if (consumer !== undefined) await this.#settleDown(consumer);
    await this.#rebalances;
    clearInterval(this.#tick);
    this.#consumer = undefined;
    for (const share of this.#topics.values()) for (const partition of share.partitions) partition.release();
    this.#topics.clear();
    this.#wake();
    if (consumer !== undefined) await called((done) => consumer.disconnect(done as never));
  }

  /**
   * Waits while the group rebalances, bounded. A client that disconnects while it joins tells the broker nothing, and its
   * share would go to nobody until the session ends.
   */
  async #settleDown(consumer: NativeConsumer): Promise<void> {
    if (consumer.subscription().length === 0) return;
    const { group, logger, isRebalancing } = this.#options;
    const signal = AbortSignal.timeout(SETTLE_DOWN_MS);
    const late = () => new Error(`it did not end within ${SETTLE_DOWN_MS} ms`);
    try {
      for (let waited = false; !signal.aborted; waited = true) {
        await this.#rebalances;
        if (!(await within(isRebalancing(group), signal, late))) {
          // The broker is done; its answer may still be on its way here.
          if (waited) await pause(SETTLE_POLL_MS);
          return;
        }
        await pause(SETTLE_POLL_MS);
      }
    } catch (error) {
      logger.debug({ err: error, group }, 'cannot see whether the group rebalances');
    }
  }

  #adopt(share: TopicShare): void {
    this.#topics.set(leaving(share.name), share);
    void this.#until(() => share.partitions.length === 0).then(() => {
      this.#topics.delete(leaving(share.name));
      this.#wake();
    });
  }

  #hasReaders(): boolean {
    return [...this.#topics.values()].some(({ reader }) => reader !== undefined);
  }

  #shareOf(topic: string): TopicShare {
    const share = this.#topics.get(topic) ?? this.#topics.get(leaving(topic));
    return share ?? new TopicShare(topic);
  }

  /** A leader or coordinator that moves or is elected is there soon. @returns undefined once nobody asks any more */
  async #retrying<T>(asked: () => boolean, action: () => Promise<T>): Promise<T | undefined> {
    const begun = performance.now();
    for (let attempt = 1; asked(); attempt++) {
      try {
        return await action();
      } catch (error) {
        const { code, retryable } = classify(error);
        // Not every broker knows a topic that was just created.
        const mayCome = code === 'TOPIC_NOT_FOUND' && performance.now() - begun < UNKNOWN_TOPIC_MS;
        if (!retryable && !mayCome) throw error;
        if (attempt % 20 === 0) this.#warn(error, 'position');
        await pause(RETRY_MS);
      }
    }
    return undefined;
  }

  /** Looked at again after each rebalance and change. */
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

  #wake(): void {
    for (const look of [...this.#waiters]) look();
  }

  #late(topic: string): EbusError {
    const text = `group '${this.#options.group}' was assigned nothing of '${topic}' in time`;
    return new EbusError(text, { code: 'SUBSCRIBE_FAILED', retryable: true });
  }

  #warn(error: unknown, what: string): void {
    const { logger, group } = this.#options;
    logger.warn({ err: error, group }, `a Kafka consumer had trouble (${what}): ${reasonOf(error)}`);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The key of a topic that is being left, beside the one of a new subscription to it. */
const leaving = (topic: string) => `leaving ${topic}`;
const isLeaving = (key: string) => key.startsWith('leaving ');
