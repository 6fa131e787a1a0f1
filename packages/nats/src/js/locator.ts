/** Finds a subscription's consumer again, or makes it anew where the group stood. */

import { EbusError, type Logger } from '@ebus/core/driver';
import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream';
import type { ConsumerSpec } from '../consumer-plan.js';
import type { Consumers } from '../consumers.js';
import { isMissing } from '../errors.js';
import type { Streams } from '../streams.js';
import { AckFloor } from './ack-floor.js';
import type { Deliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { compare, recreation } from './recovery.js';

/** Options of a `Locator`. */
export interface LocatorOptions {
  readonly consumers: Consumers;
  readonly streams: Streams;
  readonly deliveries: Deliveries;
  readonly logger: Logger;
  /** A topic of the consumer, to find its stream by. */
  readonly topic: string;
  /** The group reads other consumers by now: this one is not made again. */
  isSuperseded?(): Promise<boolean>;
  /** They are another member's, perhaps, or were of a stream that is gone. */
  onLost(deliveries: readonly JetStreamDelivery[]): void;
}

/** A consumer that is there. */
export interface OpenConsumer {
  readonly spec: ConsumerSpec;
  readonly info: ConsumerInfo;
  /** When its stream was made. */
  readonly incarnation: string;
}

/** The consumer is gone for good. */
export class Superseded extends Error {}

/** Keeps the identity of a consumer by the time it was made, and recreates it at the settled position if it is gone. */
export class Locator {
  readonly floor: AckFloor;
  readonly #options: LocatorOptions;
  #spec: ConsumerSpec;
  #created: string;
  #incarnation: string;
  /** The topic lies in another stream, and nothing is left for the group in this one. */
  #hasMoved = false;
  /** As it was told of last. */
  #pausedUntil: string | undefined;

  constructor(options: LocatorOptions, { spec, info, incarnation }: OpenConsumer) {
    this.#options = options;
    this.#spec = spec;
    this.#created = info.created;
    this.floor = new AckFloor(info);
    this.#incarnation = incarnation;
    options.deliveries.learn?.(info);
  }

  /** Tells the stream from others of its name. */
  get incarnation(): string {
    return this.#incarnation;
  }

  get spec(): ConsumerSpec {
    return this.#spec;
  }

  /** It is the consumer that was found last. */
  knows(info: ConsumerInfo): boolean {
    return info.created === this.#created;
  }

  /** The consumer as it is now. @throws EbusError where it cannot be had now: try again; Superseded */
  async locate(): Promise<ConsumerInfo> {
    const { consumers } = this.#options;
    try {
      const info = await consumers.info(this.#spec);
      if (!this.knows(info)) {
        this.letGo();
        return await this.#another(info);
      }
      consumers.check(this.#spec, info);
      if (this.#hasMoved) return await this.#recreate();
      this.#refreshed(info);
      return info;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.letGo();
      return this.#recreate();
    }
  }

  /**
   * The consumer is gone. The one that takes its place gives everything anew, and where one client at a time is active that may be
   * another one: nothing that is held is begun any more.
   */
  letGo(): void {
    if (!this.#spec.singleActive) return;
    const { deliveries, onLost } = this.#options;
    const lost = [...deliveries];
    if (lost.length === 0) return;
    deliveries.drop(lost);
    onLost(lost);
  }

  /**
   * False where `locate` finds another one: the topic lies in another stream and the group has settled all of this one, or
   * the consumer was changed so that it does not fit. @throws EbusError where it cannot be asked for
   */
  async isInPlace(): Promise<boolean> {
    const { consumers, streams, topic, logger } = this.#options;
    const { stream } = this.#spec;
    const info = await consumers.info(this.#spec);
    if (!this.knows(info)) return false;
    try {
      consumers.check(this.#spec, info);
    } catch {
      return false;
    }
    await this.#operated(info);
    const now = await streams.nameOf(topic);
    if (now === undefined || now === stream) return true;
    const left = info.num_pending + info.num_ack_pending;
    this.#hasMoved = left === 0;
    if (!this.#hasMoved) {
      const text =
        'the topic lies in another stream, which is read once its group has settled all of the former one';
      logger.warn({ topic, from: stream, to: now, left }, text);
    }
    return !this.#hasMoved;
  }

  /** Somebody may have paused or changed it. */
  async #operated(info: ConsumerInfo): Promise<void> {
    const { consumers, topic, logger } = this.#options;
    const { name: consumer } = this.#spec;
    const until = info.paused === true ? info.config.pause_until : undefined;
    if (until !== undefined && until !== this.#pausedUntil) {
      const date = new Date(until).toISOString();
      logger.warn({ topic, consumer }, `the consumer is paused until ${date}: nothing is received before`);
    }
    this.#pausedUntil = until;
    await consumers.restore(this.#spec, info).catch((err: unknown) => {
      logger.warn({ err, topic, consumer }, 'the consumer was changed, and cannot be changed back');
    });
  }

  /** Restores the settings that the subscription needs, where they were changed meanwhile. One that is gone is for `locate`. */
  async mend(): Promise<void> {
    const { consumers } = this.#options;
    const found = await consumers.find(this.#spec);
    if (found !== undefined) await consumers.adopt(this.#spec, found);
  }

  /** The same; false where that cannot be. */
  async tryToMend(failed: (error: unknown) => void): Promise<boolean> {
    try {
      await this.mend();
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  /** One client at a time is to get messages. */
  async becomeSingleActive(): Promise<void> {
    this.#spec = { ...this.#spec, singleActive: true };
    await this.mend();
  }

  /** So that a consumer that is made anew begins not far behind, where other instances have taken part. */
  async refreshFloor(): Promise<void> {
    const { consumers, deliveries } = this.#options;
    if (!this.floor.isBehind && !deliveries.hasLeft) return;
    const info = await consumers.info(this.#spec);
    if (this.knows(info)) this.#refreshed(info);
  }

  async #another(found: ConsumerInfo): Promise<ConsumerInfo> {
    const { consumers } = this.#options;
    const stream = await this.#stream();
    const isMoved = this.#spec.stream !== stream.config.name;
    this.#spec = { ...this.#spec, stream: stream.config.name };
    const info = await (isMoved ? consumers.ensure(this.#spec) : consumers.adopt(this.#spec, found));
    const isSameStream = compare(this.#created, info, stream) !== 'new-stream';
    this.#became(info, stream, isSameStream);
    return info;
  }

  async #recreate(): Promise<ConsumerInfo> {
    const { consumers, deliveries, logger, topic } = this.#options;
    const stream = await this.#stream();
    const isSuperseded = async () => (await this.#options.isSuperseded?.()) === true;
    if (await isSuperseded()) throw new Superseded();
    const { name } = stream.config;
    const before = { stream: this.#spec.stream, created: this.#created };
    const { isSameStream, from } = recreation(
      before,
      { name, created: stream.created },
      this.floor.of(deliveries.unsettled()),
    );
    this.#spec = { ...this.#spec, stream: name };
    const info = await consumers.ensure({ ...this.#spec, from });
    if (await isSuperseded()) {
      // The group went on meanwhile.
      await consumers.delete(this.#spec);
      throw new Superseded();
    }
    const text = this.#hasMoved
      ? 'the topic lies in another stream, which is read from now on'
      : isSameStream
        ? 'the consumer was deleted; it was made again where the group stood'
        : 'the stream was deleted; its consumer was made again';
    this.#became(info, stream, isSameStream);
    logger.warn({ topic, consumer: this.#spec.name, stream: name, from }, text);
    return info;
  }

  #refreshed(info: ConsumerInfo): void {
    this.floor.refreshed(info);
    const { deliveries } = this.#options;
    deliveries.settledThrough(info.ack_floor.stream_seq);
    deliveries.learn?.(info);
  }

  #became(info: ConsumerInfo, stream: StreamInfo, isSameStream: boolean): void {
    this.#created = info.created;
    this.#incarnation = stream.created;
    this.#hasMoved = false;
    this.floor.begin(info);
    const { deliveries, onLost } = this.#options;
    if (isSameStream) deliveries.anotherConsumer?.();
    else onLost(deliveries.forget());
    deliveries.learn?.(info);
  }

  async #stream(): Promise<StreamInfo> {
    const { streams, topic } = this.#options;
    const found = await streams.findUsable(topic);
    if (found !== undefined) return found;
    throw new EbusError(`no stream holds '${topic}' any more`, { code: 'TOPIC_NOT_FOUND', retryable: true });
  }
}
