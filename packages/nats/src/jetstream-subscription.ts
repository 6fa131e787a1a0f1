/**
 * One topic of a group over JetStream: a pull consumer, read ahead of demand within bounds.
 *
 * Order over restarts: what an instance had fetched and not settled when it went away comes again only after the
 * ack wait, while newer messages flow. So before it hands over anything, and whenever the connection broke, a
 * subscription compares what the consumer counts as unacknowledged with what it has in hand itself. While some are
 * missing it collects: everything that comes is kept, sorted by sequence once the missing ones are back.
 */
import {
  type CallOptions,
  type Clock,
  ConnectionError,
  type Demand,
  type DriverSubscriptionV1 as DriverSubscription,
  EbusError,
  type IncomingMessage,
  type Logger,
  type PartitionLag,
  type Settlement,
  type SettleToken,
  type SubscriptionSpec,
  type TimerHandle,
} from '@ebus/core/driver';
import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type ConsumerSpec, type Consumers, PIN_TTL_MS, SINGLE_ACTIVE } from './consumers.js';
import { JetStreamDelivery } from './delivery.js';
import { isMissing } from './errors.js';
import { PullInbox } from './pull-inbox.js';
import { SettledRing } from './settled-ring.js';
import { lastSequence } from './streams.js';

const MAX_PREFETCH = 500;
const PREFETCH_BYTES = 16 * 1024 * 1024;
/** Also how long a server that did not notice the end of a connection may go on delivering to it. */
const PULL_EXPIRES_MS = 10_000;
const HEARTBEAT_MS = 3_000;
/** Without any sign of life for so many heartbeats the requests are taken for lost. */
const MISSED_HEARTBEATS = 3;
const POLL_MS = { first: 15, most: 250 };
const RECOVERY_MS = { first: 200, most: 10_000 };
const CONFIRM_TIMEOUT_MS = 2_000;

const WORKING = '+WPI';
const TERM = '+TERM';
const NAK = '-NAK';
const NAK_LATER = '-NAK {"delay": 1000000000}';

export interface JetStreamSubscriptionOptions {
  readonly spec: SubscriptionSpec;
  readonly consumer: ConsumerSpec;
  readonly consumers: Consumers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly apiPrefix: string;
  readonly ackWait: number;
  readonly maxAckPending: number;
  /** The consumer delivers several topics: each message's subject is its topic. */
  readonly manyTopics?: boolean;
  /** Largest message the server takes. */
  readonly maxPayload: number;
  manager(): JetStreamManager;
  /** Finds or makes the stream of the topic again; it is gone. */
  restoreStream(): Promise<string>;
  onClosed(subscription: JetStreamSubscription): void;
}

type Batch = readonly IncomingMessage[] | undefined;

interface Waiter {
  readonly demand: Demand;
  resolve(batch: Batch): void;
  reject(error: unknown): void;
}

export class JetStreamSubscription implements DriverSubscription {
  readonly leaseMs: number;
  readonly #options: JetStreamSubscriptionOptions;
  readonly #ordered: boolean;
  readonly #prefetch: number;
  readonly #settled: SettledRing;
  /** Unsettled here: handed over or buffered. */
  readonly #inHand = new Map<number, JetStreamDelivery>();
  #buffer: JetStreamDelivery[] = [];
  #taken = 0;
  #released: JetStreamDelivery[] = [];
  #consumer: ConsumerSpec;
  #created = '';
  #inbox: PullInbox | undefined;
  /** Of a connection that broke. */
  #ghost: PullInbox | undefined;
  #connection: NatsConnection | undefined;
  #phase: 'syncing' | 'collecting' | 'flowing' | 'stopped' = 'syncing';
  /** Counts synchronisations; an older one that still runs gives up. */
  #epoch = 0;
  #waiter: Waiter | undefined;
  #wakeScheduled = false;
  #failure: unknown;
  #pin: string | undefined;
  #lastSign = 0;
  #highest = 0;
  /** Below it, messages come again because the consumer was made anew. */
  #repeatedBelow = 0;
  #lastReply: string | undefined;
  #timers: TimerHandle[] = [];
  #leaving: Promise<void> | undefined;
  /** Nothing later is handed over: the topic's messages take another way from there on. */
  #line: number | undefined;
  /** Came, and is beyond the line. */
  #beyond: JetStreamDelivery[] = [];
  #lineReached = false;
  #everSynced = false;
  /** Whether it has been asked for messages. Until then it takes none: they may be an older subscription's. */
  #asked = false;

  constructor(options: JetStreamSubscriptionOptions, info: ConsumerInfo) {
    this.#options = options;
    this.#consumer = options.consumer;
    this.#created = info.created;
    this.#ordered = options.spec.ordering !== 'none';
    this.leaseMs = options.ackWait;
    this.#prefetch = Math.max(1, Math.min(MAX_PREFETCH, Math.ceil(options.maxAckPending / 2)));
    this.#settled = new SettledRing(Math.min(8_192, 2 * options.maxAckPending));
    this.#every(options.ackWait / 3, () => this.extendLease([...this.#buffered(), ...this.#beyond]));
    this.#every(HEARTBEAT_MS, () => this.#checkSigns());
  }

  get topic(): string {
    return this.#options.spec.topic;
  }

  /** The connection is there, or there again: looks where the consumer stands, then fetches, once it is asked to. */
  online(connection: NatsConnection): void {
    if (this.#phase === 'stopped') return;
    this.#connection = connection;
    if (this.#asked) this.#startSync();
  }

  check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  offline(): void {
    this.#connection = undefined;
    this.#epoch++;
    if (this.#phase !== 'stopped') this.#phase = 'syncing';
  }

  receive(demand: Demand): Batch | Promise<Batch> {
    if (this.#phase === 'stopped' || this.#lineReached) return undefined;
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#waiter !== undefined) {
      return Promise.reject(
        new EbusError('receive was called while the previous call was pending', { code: 'INTERNAL' }),
      );
    }
    if (this.#hasSome()) {
      const batch = this.#take(demand);
      this.#topUp();
      return batch;
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { demand, resolve, reject };
      if (this.#asked) return this.#topUp();
      this.#asked = true;
      this.#startSync();
    });
  }

  settle(done: readonly Settlement[]): void {
    for (const { token, outcome } of done) {
      const delivery = token as JetStreamDelivery;
      if (outcome === 'released') {
        this.#released.push(delivery);
        continue;
      }
      if (this.#inHand.get(delivery.sequence) !== delivery) continue;
      this.#inHand.delete(delivery.sequence);
      this.#settled.add(delivery.sequence);
      this.#say(delivery, outcome === 'dead-lettered' ? TERM : undefined);
    }
  }

  /** Not for this instance: it comes again, to another one perhaps, after a while. */
  refuse(delivery: JetStreamDelivery): void {
    if (this.#inHand.delete(delivery.sequence)) this.#say(delivery, NAK_LATER);
  }

  extendLease(tokens: Iterable<SettleToken>): void {
    if (this.#connection === undefined) return;
    for (const token of tokens) {
      const delivery = token as JetStreamDelivery;
      if (this.#inHand.get(delivery.sequence) === delivery) this.#say(delivery, WORKING);
    }
  }

  /** The line is the topic's last message in the stream: what this bus publishes from now on goes over Core NATS. */
  async drain(): Promise<void> {
    const { manager, spec } = this.#options;
    this.#line = await lastSequence(manager(), this.#consumer.stream, spec.topic);
    void this.#untilLine(this.#line);
  }

  async lag(): Promise<readonly PartitionLag[]> {
    // The client would keep the question until the server is back, or its time is up.
    if (this.#connection === undefined) {
      throw new ConnectionError(`not connected: the lag of '${this.topic}' cannot be asked for`);
    }
    const { stream, name } = this.#consumer;
    const info = await this.#options.consumers.info(stream, name);
    const { num_pending: unread, ack_floor: floor } = info;
    const lag = unread + info.num_ack_pending;
    const position = floor.stream_seq;
    const oldestTimestamp = lag === 0 ? undefined : await this.#oldest(position + 1);
    return [
      {
        partition: 0,
        lag,
        unread,
        position,
        settled: position,
        ...(oldestTimestamp === undefined ? {} : { oldestTimestamp }),
      },
    ];
  }

  stop(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#epoch++;
    this.#leaving = this.#leave();
    this.#answer(undefined);
  }

  async close({ signal }: CallOptions): Promise<void> {
    this.stop();
    const cut = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#close(), cut]);
    for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
    this.#timers = [];
    this.#options.onClosed(this);
  }

  /**
   * Ends the subscription once the group has settled everything up to the line. What another instance holds that gives
   * no sign of it is back within the ack wait; longer than that it is not waited for.
   */
  async #untilLine(line: number): Promise<void> {
    const { consumers, logger, ackWait } = this.#options;
    let alone: number | undefined;
    for (let wait = POLL_MS.first; ; wait = Math.min(1.5 * wait, POLL_MS.most)) {
      await this.#pause(wait);
      if (this.#phase === 'stopped') return;
      if (this.#phase !== 'flowing' || this.#holdsUpTo(line)) continue;
      try {
        const { stream, name } = this.#consumer;
        // What comes while the server is asked is not in its answer.
        const here = this.#inHand.size;
        const info = await consumers.info(stream, name);
        const delivered = info.delivered.stream_seq >= line || info.num_pending === 0;
        if (this.#holdsUpTo(line) || !delivered) continue;
        if (info.ack_floor.stream_seq >= line || info.num_ack_pending <= here) break;
        alone ??= performance.now();
        if (performance.now() - alone < 1.5 * ackWait + 1_000) continue;
        const unsettled = info.num_ack_pending - this.#inHand.size;
        const text = 'the topic moves on while other instances of the group hold unsettled messages';
        logger.warn({ topic: this.topic, unsettled }, text);
        break;
      } catch (error) {
        if (isMissing(error)) break;
      }
    }
    this.#lineReached = true;
    this.#answer(undefined);
  }

  #holdsUpTo(line: number): boolean {
    for (const sequence of this.#inHand.keys()) if (sequence <= line) return true;
    return false;
  }

  async #leave(): Promise<void> {
    if (this.#connection === undefined) return this.#inbox?.discard();
    try {
      await this.#inbox?.drain();
      // Asked about the consumer, the server forgets requests that nobody listens for any more. Handed back while
      // such a request waits, a message would go to the end of the queue, and 2.9.10 would even repeat others.
      await this.#options.consumers.info(this.#consumer.stream, this.#consumer.name);
    } catch {
      // The connection or the consumer went meanwhile: the server drops the requests with it.
    }
    // Without order there is nothing to wait for.
    if (!this.#ordered) this.#handBack();
  }

  async #close(): Promise<void> {
    await this.#leaving;
    this.#handBack();
    const { durable, stream, name, singleActive } = this.#consumer;
    if (this.#connection === undefined) return;
    try {
      if (!durable) return await this.#options.consumers.delete(stream, name);
      await this.#confirm();
      // The server chooses the next one at once, instead of when it misses this one.
      if (singleActive && this.#pin !== undefined) {
        await this.#options.manager().consumers.unpin(stream, name, SINGLE_ACTIVE);
      }
    } catch (err) {
      this.#options.logger.debug({ err, topic: this.topic }, 'leaving the consumer was not confirmed');
    }
  }

  /** What was released and what was never handed over, oldest first, so that it comes again in that order. */
  #handBack(): void {
    const back = [...this.#released, ...this.#buffered(), ...this.#beyond].sort(
      (a, b) => a.sequence - b.sequence,
    );
    this.#released = [];
    this.#beyond = [];
    this.#buffer = [];
    this.#taken = 0;
    for (const delivery of back) {
      if (this.#inHand.get(delivery.sequence) !== delivery) continue;
      this.#inHand.delete(delivery.sequence);
      this.#say(delivery, NAK);
    }
  }

  /** The server works acknowledgements off one by one: its answer to one more says that all are done. */
  async #confirm(): Promise<void> {
    if (this.#lastReply === undefined || this.#connection === undefined) return;
    await this.#connection.request(this.#lastReply, WORKING, { timeout: CONFIRM_TIMEOUT_MS });
  }

  #say(delivery: JetStreamDelivery, what: string | undefined): void {
    const connection = this.#connection;
    this.#lastReply = delivery.reply;
    // Without a connection the server will deliver it again, and is told then.
    if (connection === undefined || connection.isClosed()) return;
    connection.publish(delivery.reply, what);
  }

  #received(message: Msg): void {
    const delivery = new JetStreamDelivery(message, this.#options.manyTopics ? message.subject : this.topic);
    const { sequence, pin } = delivery;
    const known = this.#inHand.get(sequence);
    // The lease ran out while the connection was away, and the message is being handled: once is enough.
    if (known !== undefined) return this.#say(delivery, WORKING);
    if ((delivery.redelivered || sequence < this.#repeatedBelow) && this.#settled.has(sequence)) {
      return this.#say(delivery, undefined);
    }
    if (sequence > this.#highest) this.#highest = sequence;
    this.#inHand.set(sequence, delivery);
    this.#buffer.push(delivery);
    if (pin !== undefined && pin !== this.#pin) this.#chosen(pin);
    if (this.#phase === 'flowing' && this.#waiter !== undefined) this.#wakeSoon();
  }

  /** The server has chosen this client as the active one: whoever was it before may still be handling something. */
  #chosen(pin: string): void {
    this.#pin = pin;
    if (this.#phase !== 'flowing') return;
    this.#phase = 'collecting';
    void this.#collect(++this.#epoch, Number.POSITIVE_INFINITY);
  }

  /** After everything that came in the same chunk from the server. */
  #wakeSoon(): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#handOver();
    });
  }

  #handOver(): void {
    if (this.#waiter === undefined || !this.#hasSome()) return;
    this.#answer(this.#take(this.#waiter.demand));
    this.#topUp();
  }

  /** Whether there is something to hand over. */
  #hasSome(): boolean {
    if (this.#phase !== 'flowing') return false;
    if (this.#line !== undefined) this.#setAside(this.#line);
    return this.#taken < this.#buffer.length;
  }

  #setAside(line: number): void {
    const buffered = this.#buffered();
    this.#beyond.push(...buffered.filter(({ sequence }) => sequence > line));
    this.#buffer = buffered.filter(({ sequence }) => sequence <= line);
    this.#taken = 0;
  }

  #take({ messages, bytes }: Demand): JetStreamDelivery[] {
    const batch: JetStreamDelivery[] = [];
    let room = bytes;
    while (this.#taken < this.#buffer.length && batch.length < messages) {
      const next = this.#buffer[this.#taken] as JetStreamDelivery;
      if (batch.length > 0 && next.value.length > room) break;
      room -= next.value.length;
      batch.push(next);
      this.#taken++;
    }
    if (this.#taken === this.#buffer.length) {
      this.#buffer = [];
      this.#taken = 0;
    } else if (this.#taken > MAX_PREFETCH) {
      this.#buffer = this.#buffer.slice(this.#taken);
      this.#taken = 0;
    }
    return batch;
  }

  #buffered(): JetStreamDelivery[] {
    return this.#taken === 0 ? this.#buffer : this.#buffer.slice(this.#taken);
  }

  #answer(batch: Batch): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(batch);
  }

  /** Asks for more where less than half of what may be read ahead is here or on its way. */
  #topUp(): void {
    if (this.#phase !== 'flowing' || this.#inbox === undefined) return;
    const here = this.#buffer.length - this.#taken + this.#beyond.length;
    const room = this.#prefetch - here - this.#inbox.outstanding;
    if (room * 2 >= this.#prefetch) this.#request(room);
  }

  #request(batch: number): void {
    const { singleActive } = this.#consumer;
    this.#inbox?.request({
      batch,
      maxBytes: Math.max(PREFETCH_BYTES, 2 * this.#options.maxPayload),
      expiresMs: singleActive ? PIN_TTL_MS / 2 : PULL_EXPIRES_MS,
      heartbeatMs: singleActive ? PIN_TTL_MS / 5 : HEARTBEAT_MS,
      ...(singleActive ? { group: SINGLE_ACTIVE } : {}),
      ...(this.#pin === undefined ? {} : { id: this.#pin }),
    });
  }

  #ended(reason: 'expired' | 'unpinned' | 'consumer' | 'refused', text: string): void {
    if (this.#phase === 'stopped' || this.#connection === undefined) return;
    if (reason === 'unpinned') this.#pin = undefined;
    if (reason === 'consumer') return this.#startSync();
    if (reason === 'refused') {
      this.#fail(
        new EbusError(`the server refuses to deliver '${this.topic}': ${text}`, { code: 'SUBSCRIBE_FAILED' }),
      );
      // Not at once again: the same request would be refused the same way.
      void this.#pause(RECOVERY_MS.most).then(() => this.#topUp());
      return;
    }
    if (this.#waiter !== undefined) this.#topUp();
  }

  #checkSigns(): void {
    if (this.#phase !== 'flowing' || this.#inbox === undefined || this.#inbox.outstanding === 0) return;
    if (performance.now() - this.#lastSign < MISSED_HEARTBEATS * HEARTBEAT_MS) return;
    this.#options.logger.warn({ topic: this.topic, consumer: this.#consumer.name }, 'heartbeats missed');
    this.#startSync();
  }

  #startSync(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#phase === 'stopped') return;
    this.#phase = 'syncing';
    void this.#sync(++this.#epoch, connection);
  }

  async #sync(epoch: number, connection: NatsConnection): Promise<void> {
    const old = this.#inbox;
    this.#inbox = undefined;
    this.#pin = undefined;
    try {
      // Old requests must be off the server before it is asked who else is waiting there.
      if (old?.connection === connection) await old.drain();
      else if (old !== undefined) {
        old.discard();
        if (old.outstanding > 0) this.#ghost = old;
      }
    } catch {
      // A broken connection drops them as well.
    }
    await this.#outlive(epoch, connection);
    const info = await this.#locate(epoch);
    if (info === undefined || epoch !== this.#epoch) return;
    const { stream, name, singleActive } = this.#consumer;
    this.#inbox = new PullInbox(connection, this.#options.apiPrefix, stream, name, {
      onMessage: (message) => this.#received(message),
      onEnd: (reason, text) => this.#ended(reason, text),
      onSign: () => {
        this.#lastSign = performance.now();
      },
      onError: (error) => this.#fail(error),
    });
    this.#lastSign = performance.now();
    const first = !this.#everSynced;
    this.#everSynced = true;
    const missing = info.num_ack_pending - this.#inHand.size;
    const alone = info.num_waiting === 0;
    if (!this.#ordered || singleActive || missing <= 0 || !alone) return this.#flow();
    this.#phase = 'collecting';
    this.#options.logger.debug(
      { topic: this.topic, missing, first },
      'waiting for what was not settled before',
    );
    // Whoever had them renews no lease any more, so they are back by then; else somebody is alive after all.
    await this.#collect(epoch, performance.now() + 1.5 * this.#options.ackWait + 1_000);
  }

  /**
   * A server that has not noticed that the connection broke delivers to the requests that were made on it, and newer
   * messages here. Nothing is asked for before those requests have ended.
   */
  async #outlive(epoch: number, connection: NatsConnection): Promise<void> {
    if (this.#ordered) {
      while (epoch === this.#epoch && (await this.#ghost?.haunts(connection)) === true) {
        await this.#pause(RECOVERY_MS.first);
      }
    }
    if (epoch === this.#epoch) this.#ghost = undefined;
  }

  /** The consumer's state; made anew where it is gone. Undefined once the connection or the epoch is another. */
  async #locate(epoch: number): Promise<ConsumerInfo | undefined> {
    for (let wait = RECOVERY_MS.first; epoch === this.#epoch; wait = Math.min(2 * wait, RECOVERY_MS.most)) {
      try {
        const { stream, name } = this.#consumer;
        const info = await this.#options.consumers.info(stream, name);
        if (info.created !== this.#created) await this.#otherConsumer(info);
        return info;
      } catch (error) {
        if (epoch !== this.#epoch || this.#connection === undefined) return undefined;
        try {
          if (isMissing(error)) {
            // A server that is still busy deleting it (2.9) must not find the new one there.
            await this.#pause(RECOVERY_MS.first);
            if (epoch === this.#epoch) return await this.#recreate();
          }
          if (!isMissing(error)) this.#fail(error);
        } catch (again) {
          this.#fail(again);
        }
        await this.#pause(wait);
      }
    }
    return undefined;
  }

  /** Somebody deleted the consumer, or its stream. It goes on after what was settled here last. */
  async #recreate(): Promise<ConsumerInfo> {
    const { consumers, logger, restoreStream } = this.#options;
    let from: ConsumerSpec['from'] = this.#consumer.from;
    const stream = await restoreStream();
    const survived = stream === this.#consumer.stream && !(await this.#isYounger(stream));
    if (survived && this.#highest > 0) from = Math.min(this.#highest + 1, ...this.#inHand.keys());
    if (!survived) {
      from = 'earliest';
      this.#forgetSequences();
    }
    this.#repeatedBelow = survived ? this.#highest + 1 : 0;
    this.#consumer = { ...this.#consumer, stream };
    const info = await consumers.ensure({ ...this.#consumer, from });
    this.#created = info.created;
    logger.warn(
      { topic: this.topic, consumer: this.#consumer.name, stream, from },
      survived
        ? 'the consumer was deleted; it was made again where this instance stood'
        : 'the stream was deleted; stream and consumer were made again',
    );
    return info;
  }

  /** Made again by another instance meanwhile: what was settled with the old one says nothing any more. */
  async #otherConsumer(info: ConsumerInfo): Promise<void> {
    if (await this.#isYounger(this.#consumer.stream)) this.#forgetSequences();
    this.#created = info.created;
    this.#settled.clear();
  }

  /** A stream younger than the lost consumer is another one, with sequences of its own. */
  async #isYounger(stream: string): Promise<boolean> {
    const { created } = await this.#options.manager().streams.info(stream);
    return Date.parse(created) > Date.parse(this.#created);
  }

  /** What is in hand is of a stream that is gone: it is still handled, and settling it would settle others. */
  #forgetSequences(): void {
    this.#settled.clear();
    this.#inHand.clear();
    this.#highest = 0;
    this.#repeatedBelow = 0;
  }

  async #collect(epoch: number, deadline: number): Promise<void> {
    const { consumers, logger } = this.#options;
    for (let wait = POLL_MS.first; epoch === this.#epoch; wait = Math.min(1.5 * wait, POLL_MS.most)) {
      let missing = 0;
      try {
        const { stream, name } = this.#consumer;
        missing = (await consumers.info(stream, name)).num_ack_pending - this.#inHand.size;
      } catch (error) {
        if (isMissing(error)) return this.#startSync();
        missing = 1;
      }
      if (epoch !== this.#epoch) return;
      if (missing <= 0) break;
      if (performance.now() > deadline) {
        logger.warn(
          { topic: this.topic, missing },
          'other instances hold unsettled messages; order is kept within this instance only',
        );
        break;
      }
      const short = missing - (this.#inbox?.outstanding ?? 0);
      if (short > 0) this.#request(short);
      await this.#pause(wait);
    }
    if (epoch !== this.#epoch) return;
    this.#buffer = this.#buffered().sort((a, b) => a.sequence - b.sequence);
    this.#taken = 0;
    this.#flow();
  }

  #flow(): void {
    this.#phase = 'flowing';
    this.#topUp();
    if (this.#waiter !== undefined) this.#handOver();
  }

  /** Tells core, which logs it and asks again. */
  #fail(error: unknown): void {
    const failure = EbusError.from(
      error,
      (reason) =>
        new EbusError(`fetching '${this.topic}' over nats failed: ${reason}`, {
          code: 'SUBSCRIBE_FAILED',
          retryable: true,
          cause: error,
        }),
    );
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#failure = failure;
    else waiter.reject(failure);
  }

  async #oldest(sequence: number): Promise<number | undefined> {
    try {
      const query = { seq: sequence, next_by_subj: this.topic } as { seq: number };
      const message = await this.#options.manager().streams.getMessage(this.#consumer.stream, query);
      return message?.time.getTime();
    } catch {
      return undefined;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimeout(() => resolve(), ms);
      timer.unref();
    });
  }

  #every(ms: number, action: () => void): void {
    const { clock } = this.#options;
    const slot = this.#timers.length;
    const again = () => {
      const timer = clock.setTimeout(() => {
        action();
        again();
      }, ms);
      timer.unref();
      this.#timers[slot] = timer;
    };
    again();
  }
}
