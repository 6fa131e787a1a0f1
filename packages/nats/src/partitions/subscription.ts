/** A member's subscription to a topic with partitions, in order across the members of its group. */
import type {
  CallOptions,
  Clock,
  Credit,
  DriverSubscription,
  Logger,
  PartitionLag,
  Settlement,
  SettleToken,
  SubscriptionSink,
  UnsettledCount,
} from '@ebus/core/driver';
import { nuid } from '@nats-io/transport-node';
import type { Api } from '../api.js';
import type { JetStreamDelivery } from '../js/delivery.js';
import { lagOf, standing, stateOf } from '../js/group-state.js';
import type { PullerOptions } from '../js/puller.js';
import { inTime, type Link } from '../link.js';
import { type Refused, refusal } from '../refusals.js';
import { assign } from './assignment.js';
import { LaneLines } from './lane-lines.js';
import { type Lane, laneOf } from './lanes.js';
import { type Layout, rawSubject } from './layout.js';
import { Members } from './members.js';
import { PartitionCredit } from './partition-credit.js';
import { partitionOf } from './partition-of.js';
import { rawKey } from './raw-key.js';
import { Slot } from './slot.js';

/** Options of a `PartitionedSubscription`. */
export interface PartitionedOptions extends Omit<PullerOptions, 'target' | 'accepts' | 'place'> {
  readonly layout: Layout;
  /** One consumer for each partition. */
  readonly lanes: readonly Lane[];
  /** When the stream was made. */
  readonly incarnation: string;
  readonly memberSubject: string;
  readonly sink: SubscriptionSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly api: Api;
  readonly ackWait: number;
  isSuperseded(): Promise<boolean>;
}

/** Reads the partitions that are this member's, each from its own consumer. Its lease is `ackWait`. */
export class PartitionedSubscription implements DriverSubscription {
  readonly leaseMs: number;
  failure: unknown;
  readonly #options: PartitionedOptions;
  readonly #members: Members;
  readonly #slots = new Map<number, Slot>();
  readonly #opening = new Set<number>();
  /** Those that this member is to have, as it decided last. */
  #mine: readonly number[] = [];
  #link: Link | undefined;
  readonly #credit: PartitionCredit;
  /** Core takes messages. Before that it has no share: the members that are at work keep theirs. */
  #hasBegun = false;
  #isStopped = false;
  readonly #lines: LaneLines;

  constructor(options: PartitionedOptions) {
    const { clock, memberSubject } = options;
    this.#options = options;
    this.leaseMs = options.ackWait;
    this.#lines = new LaneLines(options);
    this.#credit = new PartitionCredit({ clock, slots: this.#slots, count: () => this.#mine.length });
    this.#members = new Members({
      clock,
      subject: memberSubject,
      id: nuid.next(),
      claims: () => ({ partitions: this.#mine, pins: this.#pins }),
      onChange: () => this.#share(),
      // Requests end by themselves, and then others may have their part.
      onTick: () => this.#credit.spread(),
      onSilence: () => {
        for (const slot of this.#slots.values()) slot.doubt();
      },
      onDenied: (error) => this.#isDenied(error),
      onHeard: () => options.sink.resumed(),
    });
  }

  online(link: Link): void {
    if (this.#isStopped) return;
    this.#link = link;
    if (this.#hasBegun) this.#join(link);
  }

  #join(link: Link): void {
    this.#members.online(link);
    for (const slot of this.#slots.values()) slot.online(link);
    this.#share();
  }

  offline(): void {
    this.#link = undefined;
    this.#members.offline();
    for (const slot of this.#slots.values()) slot.offline();
  }

  refused(refused: Refused, error: Error): void {
    if (refused.what === 'publish' && refused.topic === this.#options.memberSubject)
      this.#members.denied(error);
    for (const slot of this.#slots.values()) slot.puller.refused(refused, error);
  }

  request(credit: Credit): void {
    this.#credit.grant(credit);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      if (this.#link !== undefined && !this.#isStopped) this.#join(this.#link);
    }
    this.#credit.spread();
  }

  settle(done: readonly Settlement[]): void {
    for (const [slot, own] of this.#bySlot(done, ({ token }) => token)) slot.puller.deliveries.settle(own);
    this.#credit.spreadSoon();
  }

  extendLease(tokens: readonly SettleToken[]): void {
    for (const [slot, own] of this.#bySlot(tokens, (token) => token)) slot.puller.extendLease(own);
  }

  letGo(tokens: readonly SettleToken[]): void {
    for (const [slot, own] of this.#bySlot(tokens, (token) => token)) slot.puller.deliveries.drop(own);
    this.#credit.spread();
  }

  async unsettled({
    signal,
    partition,
  }: CallOptions & { readonly partition?: number }): Promise<UnsettledCount> {
    const { topic } = this.#options;
    // Nothing is assigned yet, and so nothing can come.
    if (partition === undefined) return { count: 0 };
    return standing(await stateOf(this.#slots.get(partition)?.puller, topic, signal), true);
  }

  async drain(): Promise<void> {
    const { sink } = this.#options;
    await this.#lines.draw((partition) => this.#slots.get(partition)?.puller.deliveries.size ?? 0);
    void this.#lines.reached().then((isReached) => {
      if (isReached) sink.ended();
    });
  }

  /** Of all partitions, other members' as well. */
  async lag({ signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const { lanes, consumers, api, topic } = this.#options;
    const of = async ({ partition, consumer }: Lane) => ({
      ...(await lagOf(await consumers.info(consumer), api, consumer.filters[0] as string)),
      partition,
    });
    return inTime(
      Promise.all(lanes.map(of)),
      signal,
      `asking for the lag of the group on '${topic}' takes too long`,
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#lines.cancel();
    await Promise.all([...this.#slots.values()].map((slot) => slot.stop()));
  }

  async close({ signal }: CallOptions): Promise<void> {
    const { logger, topic } = this.#options;
    await this.stop();
    const leaving = Promise.all([...this.#slots.values()].map((slot) => slot.unpin()));
    await inTime(leaving, signal, 'leaving the partitions takes too long').catch((err: unknown) => {
      logger.debug({ err, topic }, 'leaving the partitions was not confirmed');
    });
    for (const { puller } of this.#slots.values()) puller.close();
    this.#mine = [];
    this.#members.leave();
  }

  /** Nothing of these partitions is left. */
  async retire(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#slots.values()].map((slot) => slot.release()));
    this.#slots.clear();
    this.#mine = [];
    this.#members.leave();
  }

  #isDenied(error: Error): void {
    const { sink, memberSubject, topic } = this.#options;
    this.failure = refusal(
      `'${memberSubject}', by which members of the group on '${topic}' know each other`,
      error,
    );
    sink.failed(this.failure);
  }

  get #pins(): string[] {
    return [...this.#slots.values()].flatMap(({ pin }) => pin ?? []);
  }

  /** Those of partitions that are here, in their order. */
  #bySlot<T>(items: Iterable<T>, tokenOf: (item: T) => SettleToken): Map<Slot, T[]> {
    const bySlot = new Map<Slot, T[]>();
    for (const item of items) {
      const slot = this.#slots.get((tokenOf(item) as JetStreamDelivery).position.partition ?? 0);
      if (slot === undefined) continue;
      const own = bySlot.get(slot);
      if (own === undefined) bySlot.set(slot, [item]);
      else own.push(item);
    }
    return bySlot;
  }

  /** Opens and releases partitions as the members decide. */
  #share(): void {
    if (this.#isStopped || this.#link === undefined) return;
    const { layout } = this.#options;
    const before = this.#mine;
    const all = this.#members.all;
    this.#mine = assign(layout.partitions, all).get((all[0] as { id: string }).id) ?? [];
    for (const [partition, slot] of this.#slots) if (!this.#mine.includes(partition)) this.#release(slot);
    for (const partition of this.#mine) if (!this.#slots.has(partition)) void this.#open(partition);
    if (before.join() !== this.#mine.join()) this.#members.tell();
    this.#credit.spread();
  }

  async #open(partition: number): Promise<void> {
    if (this.#opening.has(partition)) return;
    this.#opening.add(partition);
    const { consumers, lanes, incarnation, sink, clock, isSuperseded } = this.#options;
    const spec = (lanes[partition] as Lane).consumer;
    try {
      const info = await laneOf(consumers, spec, isSuperseded);
      if (info === undefined) return;
      if (this.#isStopped || !this.#mine.includes(partition) || this.#slots.has(partition)) return;
      const slot: Slot = new Slot(
        this.#slotOptions(partition, () => this.#lost(slot)),
        { spec, info, incarnation },
      );
      this.#slots.set(partition, slot);
      this.#credit.spread();
      if (this.#link !== undefined) slot.online(this.#link);
    } catch (error) {
      sink.failed(error);
      clock.setTimeout(() => this.#share(), RETRY_MS).unref();
    } finally {
      this.#opening.delete(partition);
    }
  }

  #slotOptions(partition: number, onLost: () => void) {
    const { layout, sink } = this.#options;
    const raw = layout.partitions === 1 ? undefined : rawSubject(layout);
    return {
      ...this.#options,
      partition,
      accepts: (delivery: JetStreamDelivery) => {
        if (this.#lines.isBeyond(partition, delivery.sequence)) return false;
        if (delivery.subject !== raw) return true;
        return partitionOf(rawKey(delivery), layout.partitions) === partition || ('elsewhere' as const);
      },
      isClaimed: (pin: string) => this.#members.hasPin(pin),
      onPushed: (messages: number, bytes: number) => this.#credit.used(messages, bytes),
      onPin: () => this.#members.tell(),
      onLost,
      failed: (error: unknown) => {
        this.failure = error;
        sink.failed(error);
      },
    };
  }

  /** Another member has it: it is this one's again only where the members decide so. */
  #lost(slot: Slot): void {
    this.#mine = this.#mine.filter((partition) => partition !== slot.partition);
    this.#members.tell();
    this.#release(slot);
  }

  #release(slot: Slot): void {
    void slot.release().then(() => {
      if (this.#slots.get(slot.partition) !== slot) return;
      this.#slots.delete(slot.partition);
      this.#members.tell();
      this.#share();
    });
  }
}

const RETRY_MS = 1_000;
