/**
 * One consumer for all declared topics of a group on a stream; its messages are given to the topics' subscriptions here.
 *
 * A JetStream consumer does not rewind when its filter changes. So a topic that is declared later gets a consumer of
 * its own, for once: it delivers what the topic held when the filter was widened. Until that is handled, what the
 * unified consumer brings of the topic waits. Both survive restarts, and the filter is never narrowed.
 */
import {
  type CallOptions,
  type Clock,
  ConfigError,
  type Demand,
  EbusError,
  type IncomingMessage,
  type Logger,
  type PartitionLag,
  type Settlement,
  type SettleOutcome,
  type SettleToken,
  type SubscriptionSpec,
  type TimerHandle,
  UnsupportedError,
} from '@ebus/core/driver';
import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ConsumerSpec, type Consumers, filtersOf } from './consumers.js';
import type { JetStreamDelivery } from './delivery.js';
import type { JetStreamSubscription } from './jetstream-subscription.js';
import { catchUpName, shortHash } from './names.js';
import { type Queued, TopicQueue } from './topic-queue.js';
import { UnifiedMember } from './unified-member.js';

const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const BATCH: Demand = { messages: 256, bytes: 16 * 1024 * 1024 };
const CATCH_UP_POLL_MS = 100;
const DESCRIPTION = 'ebus unified';
const MAX_DESCRIPTION = 4_096;

type Batch = readonly IncomingMessage[] | undefined;

export interface UnifiedOptions {
  readonly group: string;
  readonly name: string;
  readonly stream: string;
  /** The declared topics that this stream holds. */
  readonly topics: readonly string[];
  /** False before 2.10: the consumer delivers the whole stream, and what was not declared is settled here. */
  readonly manyFilters: boolean;
  readonly consumers: Consumers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ackWait: number;
  readonly maxAckPending: number;
  manager(): JetStreamManager;
  /** A subscription on a consumer, for all its messages. */
  open(consumer: ConsumerSpec, info: ConsumerInfo, label: string): JetStreamSubscription;
  onClosed(unified: UnifiedConsumer): void;
}

interface CatchUp {
  readonly consumer: ConsumerSpec;
  /** The last sequence that it delivers; what is later comes with the unified consumer. */
  readonly through: number;
  readonly source: JetStreamSubscription;
  /** Handed over and not settled. */
  unsettled: number;
}

export class UnifiedConsumer {
  readonly #options: UnifiedOptions;
  readonly #queues = new Map<string, TopicQueue>();
  readonly #catchUps = new Map<string, CatchUp>();
  readonly #leaseTimer: { current: TimerHandle | undefined } = { current: undefined };
  readonly #refused = new Set<string>();
  #engine: JetStreamSubscription | undefined;
  #ready: Promise<void> | undefined;
  #from: SubscriptionSpec['from'] | undefined;
  #connection: NatsConnection | undefined;
  #pumping = false;
  #roomMade: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: UnifiedOptions) {
    this.#options = options;
    for (const topic of options.topics) this.#queues.set(topic, new TopicQueue());
  }

  get leaseMs(): number {
    return this.#options.ackWait;
  }

  get stream(): string {
    return this.#options.stream;
  }

  /** Makes or widens the consumer; what is published afterwards is received. */
  async join(spec: SubscriptionSpec, onClosed: (member: UnifiedMember) => void): Promise<UnifiedMember> {
    const from = this.#from ?? spec.from;
    if (from.valueOf() !== spec.from.valueOf()) throw differentStart(spec, from);
    this.#from = from;
    this.#ready ??= this.#prepare(from).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    await this.#ready;
    const queue = this.#queues.get(spec.topic);
    if (queue === undefined)
      throw new EbusError(`'${spec.topic}' is not declared in nats.jetstream.consumer.topics`, {
        code: 'INTERNAL',
      });
    const member = new UnifiedMember(this, spec.topic, queue, onClosed, this.#options.clock);
    queue.member = member;
    this.#begin();
    return member;
  }

  online(connection: NatsConnection): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    if (!this.#pumping) return this.#begin();
    this.#engine?.online(connection);
    for (const { source } of this.#catchUps.values()) source.online(connection);
  }

  offline(): void {
    this.#connection = undefined;
    this.#engine?.offline();
    for (const { source } of this.#catchUps.values()) source.offline();
  }

  /** Topics that nobody here has subscribed to yet. */
  missing(): string[] {
    return [...this.#queues].filter(([, { member }]) => member === undefined).map(([topic]) => topic);
  }

  /** There is room again, or somebody to take messages. */
  wake(): void {
    const wake = this.#roomMade;
    this.#roomMade = undefined;
    wake?.();
  }

  settle(topic: string, done: readonly Settlement[]): void {
    const queue = this.#queues.get(topic);
    const back: Queued[] = [];
    for (const settlement of done) {
      const queued = settlement.token as Queued;
      if (settlement.outcome === 'released') back.push(queued);
      else this.#settle(topic, queued, settlement.outcome);
    }
    // It waits here for the topic's next subscription, or goes back with all the rest.
    for (const queued of back.reverse()) queue?.unshift(queued);
    this.wake();
  }

  extendLease(tokens: readonly SettleToken[]): void {
    for (const token of tokens) {
      const { delivery, source } = token as Queued;
      source.extendLease([delivery]);
    }
  }

  /** Of the whole consumer, all its topics together: the server does not tell them apart. */
  async lag(topic: string): Promise<readonly PartitionLag[]> {
    const { consumers, stream, name } = this.#options;
    const info = await consumers.info(stream, name);
    const catchUp = this.#catchUps.get(topic);
    const behind = catchUp === undefined ? undefined : await consumers.find(stream, catchUp.consumer.name);
    const more = behind === undefined ? 0 : behind.num_pending + behind.num_ack_pending;
    const { num_pending: unread, num_ack_pending: pending, ack_floor: floor } = info;
    const position = floor.stream_seq;
    const settled = more === 0 ? { settled: position } : {};
    return [{ partition: 0, lag: unread + pending + more, unread, position, ...settled }];
  }

  async leave(topic: string, options: CallOptions): Promise<void> {
    const queue = this.#queues.get(topic);
    if (queue !== undefined) queue.member = undefined;
    if (this.missing().length < this.#queues.size) {
      const { logger, name } = this.#options;
      const text = 'a topic of a unified consumer has no subscription any more: all its topics wait for one';
      if (this.#closing === undefined) logger.debug({ topic, consumer: name }, text);
      // Those that stay say so, unless they leave as well.
      for (const { member } of this.#queues.values()) member?.watchForMissing();
      return;
    }
    this.#closing ??= this.#close(options);
    await this.#closing;
  }

  async #close(options: CallOptions): Promise<void> {
    const { clock, onClosed } = this.#options;
    if (this.#leaseTimer.current !== undefined) clock.clearTimeout(this.#leaseTimer.current);
    this.#pumping = false;
    this.wake();
    for (const queue of this.#queues.values()) {
      for (const { delivery, source } of queue.takeAll())
        source.settle([{ token: delivery, outcome: 'released' }]);
    }
    await Promise.all([...this.#catchUps.values()].map(({ source }) => source.close(options)));
    await this.#engine?.close(options);
    onClosed(this);
  }

  /** Finds out what the consumer covers already, and widens it where that is not enough. */
  async #prepare(from: SubscriptionSpec['from']): Promise<void> {
    const { consumers, stream, name, topics, manyFilters, open, group } = this.#options;
    const found = await consumers.find(stream, name);
    const known = found === undefined ? new Set(topics) : this.#covered(found);
    const added = topics.filter((topic) => !known.has(topic));
    const pending = found === undefined ? new Map<string, ConsumerInfo>() : await this.#pendingCatchUps();
    // Before the filter: were this process to end in between, the next one finds it and goes on.
    for (const topic of added) {
      const spec = this.#catchUpSpec(topic, from);
      pending.set(topic, await consumers.ensure(spec));
    }
    const filters = [...new Set([...known, ...topics])];
    const spec: ConsumerSpec = {
      stream,
      name,
      filters: manyFilters ? filters : [],
      durable: true,
      from,
      singleActive: false,
      description: this.#description(found, topics),
    };
    if (found !== undefined && added.length > 0) await this.#widen(spec, found);
    const info = await consumers.ensure(spec);
    this.#engine = open(spec, info, `${group}'s declared topics`);
    for (const [topic, behind] of pending) await this.#catchUp(topic, behind, from);
    this.#extendQueued();
  }

  /** What the consumer delivers, or has settled, of the declared topics. */
  #covered(info: ConsumerInfo): Set<string> {
    if (this.#options.manyFilters) return new Set(filtersOf(info.config));
    const hashes = new Set((info.config.description ?? '').split(' '));
    return new Set(this.#options.topics.filter((topic) => hashes.has(shortHash(topic))));
  }

  /** Where the consumer takes the whole stream, its description says which topics were declared so far. */
  #description(found: ConsumerInfo | undefined, topics: readonly string[]): string {
    if (this.#options.manyFilters) return DESCRIPTION;
    const before = (found?.config.description ?? '').split(' ').slice(2);
    const description = [DESCRIPTION, ...new Set([...before, ...topics.map(shortHash)])].join(' ');
    if (description.length <= MAX_DESCRIPTION) return description;
    throw new ConfigError(
      `nats.jetstream.consumer.topics declares more topics (${topics.length}) than one consumer of a server before ` +
        '2.10 can remember; declare fewer, or use a current server',
    );
  }

  async #widen(spec: ConsumerSpec, { config }: ConsumerInfo): Promise<void> {
    const { filters, description } = spec;
    const { consumers, manyFilters } = this.#options;
    const wider = manyFilters
      ? filters.length === 1
        ? { filter_subject: filters[0] as string }
        : { filter_subjects: [...filters], filter_subject: '' }
      : { description: description ?? '' };
    await consumers.update(spec, config, wider);
  }

  #catchUpSpec(topic: string, from: ConsumerSpec['from']): ConsumerSpec {
    const { stream, name } = this.#options;
    return {
      stream,
      name: catchUpName(name, topic),
      filters: [topic],
      durable: true,
      from,
      singleActive: false,
      description: 'ebus catch-up',
    };
  }

  /** Catch-ups that an earlier process began and did not finish. */
  async #pendingCatchUps(): Promise<Map<string, ConsumerInfo>> {
    const { manager, stream, name, topics } = this.#options;
    const byName = new Map(topics.map((topic) => [catchUpName(name, topic), topic]));
    const pending = new Map<string, ConsumerInfo>();
    for await (const info of manager().consumers.list(stream)) {
      const topic = byName.get(info.name);
      if (topic !== undefined) pending.set(topic, info);
    }
    return pending;
  }

  /** It ends where the stream ended at some time after the filter was widened: from there the unified one has all. */
  async #catchUp(topic: string, info: ConsumerInfo, from: ConsumerSpec['from']): Promise<void> {
    const { consumers, manager, stream, open, group, logger } = this.#options;
    const consumer = this.#catchUpSpec(topic, from);
    const said = /through (\d+)/.exec(info.config.description ?? '')?.[1];
    const through = said === undefined ? (await manager().streams.info(stream)).state.last_seq : Number(said);
    if (said === undefined) {
      await consumers.update(consumer, info.config, { description: `ebus catch-up through ${through}` });
    }
    logger.info(
      { topic, group, through, waiting: info.num_pending },
      'catching up a topic that was declared later',
    );
    this.#catchUps.set(topic, { consumer, through, source: open(consumer, info, topic), unsettled: 0 });
  }

  /** Once all topics have somebody to handle them, and there is a connection. */
  #begin(): void {
    const engine = this.#engine;
    const connection = this.#connection;
    if (engine === undefined || connection === undefined || this.#closing !== undefined) return;
    this.wake();
    if (this.missing().length > 0 || this.#pumping) return;
    this.#pumping = true;
    for (const [topic, catchUp] of this.#catchUps) {
      catchUp.source.online(connection);
      void this.#pumpCatchUp(topic, catchUp);
    }
    engine.online(connection);
    void this.#pump(engine);
  }

  async #pump(engine: JetStreamSubscription): Promise<void> {
    while (this.#pumping) {
      if (!this.#hasRoom()) {
        await new Promise<void>((resolve) => {
          this.#roomMade = resolve;
        });
        continue;
      }
      const batch = await this.#receive(engine);
      if (batch === undefined) return;
      const foreign = this.#options.manyFilters ? undefined : await this.#notOurs(batch);
      const fed = new Set<TopicQueue>();
      for (const message of batch) {
        const queue = this.#dispatch({ delivery: message as JetStreamDelivery, source: engine }, foreign);
        if (queue !== undefined) fed.add(queue);
      }
      for (const queue of fed) queue.member?.feed();
    }
  }

  /** A failure to fetch is every topic's. */
  async #receive(source: JetStreamSubscription): Promise<Batch> {
    for (;;) {
      try {
        return await source.receive(BATCH);
      } catch (error) {
        for (const { member } of this.#queues.values()) member?.fail(error);
        await this.#pause(1_000);
      }
    }
  }

  /**
   * Before 2.10 the whole stream comes: the topics of a batch that no process has ever declared. Asked after the batch
   * came, so that what is declared from then on is later than the batch, and the catch-up brings it.
   */
  async #notOurs(batch: readonly IncomingMessage[]): Promise<Set<string>> {
    const unknown = new Set<string>();
    for (const { topic } of batch) if (!this.#queues.has(topic)) unknown.add(topic);
    if (unknown.size === 0) return unknown;
    try {
      const { config } = await this.#options.consumers.info(this.#options.stream, this.#options.name);
      const declared = new Set((config.description ?? '').split(' '));
      for (const topic of unknown) if (declared.has(shortHash(topic))) unknown.delete(topic);
      return unknown;
    } catch {
      // They come again.
      return new Set();
    }
  }

  #dispatch(queued: Queued, foreign: ReadonlySet<string> | undefined): TopicQueue | undefined {
    const { topic, sequence } = queued.delivery;
    const queue = this.#queues.get(topic);
    if (queue === undefined) {
      if (foreign?.has(topic)) queued.source.settle([{ token: queued.delivery, outcome: 'skipped' }]);
      else this.#refuse(queued);
      return undefined;
    }
    const catchUp = this.#catchUps.get(topic);
    if (catchUp === undefined) {
      queue.push(queued);
      return queue;
    }
    // The catch-up brings it.
    if (sequence <= catchUp.through) queued.source.settle([{ token: queued.delivery, outcome: 'skipped' }]);
    else queue.held.push(queued);
    return undefined;
  }

  /** Declared by an older or a newer deployment: it waits for one that does. */
  #refuse({ delivery, source }: Queued): void {
    source.refuse(delivery);
    const { topic } = delivery;
    if (this.#refused.has(topic)) return;
    this.#refused.add(topic);
    const text =
      'the unified consumer delivers a topic that this process does not declare; its messages wait for one that does, ' +
      'and hold up the others when they are many: declare it, or delete the consumer to begin anew';
    this.#options.logger.warn({ topic, consumer: this.#options.name }, text);
  }

  async #pumpCatchUp(topic: string, catchUp: CatchUp): Promise<void> {
    const { consumers, stream } = this.#options;
    const { source, through, consumer } = catchUp;
    const queue = this.#queues.get(topic) as TopicQueue;
    let passed = false;
    const done = async (): Promise<boolean> => {
      if (catchUp.unsettled > 0) return false;
      if (passed) return true;
      const info = await consumers.find(stream, consumer.name);
      return info === undefined || (info.num_pending === 0 && info.num_ack_pending === 0);
    };
    let receiving: Promise<Batch> | undefined;
    while (this.#pumping) {
      if (await done().catch(() => false)) break;
      receiving ??= passed ? new Promise(() => {}) : this.#receive(source);
      const batch = await Promise.race([
        receiving,
        this.#pause(CATCH_UP_POLL_MS).then(() => 'none' as const),
      ]);
      if (batch === 'none') continue;
      receiving = undefined;
      if (batch === undefined) return;
      for (const message of batch) {
        const delivery = message as JetStreamDelivery;
        if (delivery.sequence > through) {
          passed = true;
          source.settle([{ token: delivery, outcome: 'skipped' }]);
        } else {
          catchUp.unsettled++;
          queue.push({ delivery, source });
        }
      }
      queue.member?.feed();
    }
    if (!this.#pumping) return;
    await this.#caughtUp(topic, catchUp, queue);
  }

  async #caughtUp(topic: string, { source, consumer }: CatchUp, queue: TopicQueue): Promise<void> {
    const { consumers, stream, logger, group } = this.#options;
    this.#catchUps.delete(topic);
    for (const queued of queue.held.splice(0)) queue.push(queued);
    queue.member?.feed();
    source.stop();
    await source.close({ signal: AbortSignal.timeout(5_000) });
    await consumers.delete(stream, consumer.name).catch(() => {});
    logger.info({ topic, group }, 'caught up');
  }

  #settle(topic: string, { delivery, source }: Queued, outcome: SettleOutcome): void {
    source.settle([{ token: delivery, outcome }]);
    const catchUp = this.#catchUps.get(topic);
    if (catchUp?.source === source) catchUp.unsettled--;
  }

  #hasRoom(): boolean {
    if (this.missing().length > 0) return false;
    let count = 0;
    let bytes = 0;
    for (const queue of this.#queues.values()) {
      count += queue.length;
      bytes += queue.bytes;
    }
    return count < this.#options.maxAckPending && bytes < MAX_QUEUED_BYTES;
  }

  /** What waits here for a subscription that does not ask is nobody else's to renew. */
  #extendQueued(): void {
    const { clock, ackWait } = this.#options;
    const timer = clock.setTimeout(() => {
      for (const queue of this.#queues.values()) this.extendLease([...queue.all()]);
      this.#extendQueued();
    }, ackWait / 3);
    timer.unref();
    this.#leaseTimer.current = timer;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimeout(() => resolve(), ms).unref();
    });
  }
}

function differentStart(
  { topic, from }: SubscriptionSpec,
  first: SubscriptionSpec['from'],
): UnsupportedError {
  const show = (start: SubscriptionSpec['from']) =>
    `'${start instanceof Date ? start.toISOString() : start}'`;
  return new UnsupportedError(
    `the topics of a unified consumer begin at one position, ${show(first)}, and '${topic}' asks for ${show(from)}; ` +
      'take it out of nats.jetstream.consumer.topics, or give the same start',
  );
}
