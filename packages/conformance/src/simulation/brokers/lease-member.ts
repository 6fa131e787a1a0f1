/** A member's side of a lease broker. */
import type {
  CallOptions,
  Credit,
  IncomingMessage,
  PartitionLag,
  Settlement,
  SubscriptionSink,
  UnsettledCount,
} from '@ebus/core/driver';
import { type Inbox, LEASE_MS, type LeaseConsumer, type LeaseDelivery } from './lease-consumer.js';
import type { ConsumerDirectory, Hold, LeasePlace, LeaseToken } from './lease-place.js';
import { checkCredit, type Held, type Member, type MemberParts, sizeOf, whenSettled } from './member.js';
import { incoming } from './records.js';

/** How often a request for messages is repeated: it may have been lost. */
const PULL_EVERY_MS = 1_000;
/** An event loop that was busy for longer within a lease may have renewed too late. */
const BUSY_MS = 1_000;

/** Credit, settlements and renewals of one member, each sent over the link. */
export class LeaseMember implements Inbox, Member {
  readonly leaseMs = LEASE_MS;
  readonly name: string;
  readonly ready = Promise.resolve();
  credit = 0;
  bytes = 0;
  line = Number.POSITIVE_INFINITY;
  readonly #parts: MemberParts;
  readonly #place: LeasePlace;
  readonly #consumers: ConsumerDirectory;
  readonly #sink: SubscriptionSink;
  /** The one that it was given messages by. */
  #consumer: LeaseConsumer;
  readonly #held = new Set<LeaseToken>();
  #wanted = { messages: 0, bytes: 0 };
  #pulling = false;
  #stopped = false;
  #closed = false;
  /** Up to there the group had settled everything, when it was heard last. */
  #floor: number;

  constructor(parts: MemberParts, place: LeasePlace, sink: SubscriptionSink) {
    const { consumers } = place;
    this.name = parts.name;
    this.#parts = parts;
    this.#place = place;
    this.#consumers = consumers;
    this.#sink = sink;
    this.#consumer = consumers.find() ?? consumers.make(place.stream.base);
    this.#floor = this.#consumer.floor;
    this.#consumer.members.add(this);
  }

  request(credit: Credit): void {
    const { messages, bytes } = credit;
    this.#wanted = { messages, bytes };
    checkCredit(this.#parts, this.#place.group, credit, () => ({ held: this.#valid, wanted: this.#wanted }));
    this.credit = Math.min(this.credit, messages);
    this.bytes = Math.min(this.bytes, bytes);
    this.#pull();
  }

  settle(done: readonly Settlement[]): void {
    const { link, events, name } = this.#parts;
    const consumer = this.#consumer;
    const tokens = done.map(({ token: any, outcome }) => {
      const token = any as LeaseToken;
      const what = `${outcome} of ${token.offset} at ${name}`;
      if (token.isSettled) events.problem('settled', `${what} for the second time`);
      if (token.isLost) events.problem('settled', `${what} after it was lost`);
      token.isSettled = true;
      this.#held.delete(token);
      return { offset: token.offset, count: token.count, outcome };
    });
    link.tell(() => {
      for (const { offset, count, outcome } of tokens) {
        if (outcome === 'released') consumer.handBack(offset, count);
        else consumer.settle(offset);
      }
    });
  }

  extendLease(tokens: readonly unknown[]): void {
    const consumer = this.#consumer;
    this.#parts.events.count('lease: renewed');
    const { time, owner } = this.#parts;
    for (const token of tokens as LeaseToken[]) {
      token.hold.since = time.now;
      token.hold.busyBefore = time.idleOf(owner);
    }
    this.#parts.link.tell(() => {
      for (const { offset, count } of tokens as LeaseToken[]) consumer.renew(offset, count);
    });
  }

  /** Of those that it may still settle. */
  get held(): Held {
    return this.#valid;
  }

  /** What it was given, and the broker has not given away. Core lets go of what was not renewed for a lease, by its own clock. */
  get #valid(): Held {
    const consumer = this.#consumer;
    const { now } = this.#parts.time;
    const valid = [...this.#held].filter(
      ({ offset, count, hold }) =>
        consumer.holds(offset, count) && now - hold.since <= LEASE_MS && !hold.isStale,
    );
    const sizes = new Map(valid.map(({ offset, bytes }) => [offset, bytes]));
    return { messages: sizes.size, bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) };
  }

  async unsettled({ signal }: CallOptions): Promise<UnsettledCount> {
    const consumer = this.#consumer;
    const look = () => ({
      ...{ count: consumer.unsettled, through: consumer.taken, floor: consumer.floor },
      others: [...consumer.members].some((member) => member !== this && member.isConnected),
    });
    const answer = await this.#parts.link.call('unsettled', look, signal);
    this.#floor = Math.max(this.#floor, answer.floor);
    return answer;
  }

  async lag({ signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const look = () => {
      const { lag, unread, floor } = this.#consumer;
      return [{ partition: 0, lag, position: floor, settled: floor, unread }];
    };
    return this.#parts.link.call('lag', look, signal);
  }

  async drain({ signal }: CallOptions): Promise<void> {
    const { stream } = this.#place;
    this.line = await this.#parts.link.call('drain', () => stream.records.length, signal);
    whenSettled(
      this.#parts,
      () => this.#closed || this.#consumer.floor >= this.line,
      () => this.#sink.ended(),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    // What is on its way arrives before the answer.
    await this.#parts.link.call('stop', () => this.#consumer.leave(this)).catch(() => {});
    this.#consumer.leave(this);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#closed = true;
    this.#consumer.leave(this);
    this.#consumer.members.delete(this);
  }

  get isConnected(): boolean {
    return this.#parts.link.isUp && !this.#parts.link.isDead;
  }

  /** The connection broke: the broker forgets who asked. */
  dropped(): void {
    this.#consumer.leave(this);
  }

  restored(isTold: boolean): void {
    if (this.#closed) return;
    if (isTold) this.#sink.resumed();
    this.#pulling = false;
    this.#pull();
  }

  activated(): void {
    this.#parts.link.push(() => this.#sink.resumed());
  }

  /** Core has to renew in time whatever the network makes of it. */
  ranOut(offset: number, count: number): void {
    const { time, events, name, owner } = this.#parts;
    if (this.#stopped || !owner.alive) return;
    const token = [...this.#held].find((held) => held.offset === offset && held.count === count);
    if (token === undefined || token.hold.isStale) return;
    if (time.idleOf(owner) - token.hold.busyBefore > BUSY_MS) return;
    const ms = time.now - token.hold.since;
    if (ms > LEASE_MS / 2 + BUSY_MS)
      events.problem('lease', `${name} did not renew the lease of ${offset} for ${ms.toFixed(0)} ms`);
  }

  deliver({ record, count, floor }: LeaseDelivery): void {
    this.bytes -= sizeOf(this.#parts, record);
    this.#parts.events.gave(record, this.#parts.name);
    const { time, owner } = this.#parts;
    const before = time.idleOf(owner);
    const slept = owner.slept ?? 0;
    const isAsleep = (owner.asleepUntil ?? 0) > time.now;
    const hasSlept = () => isAsleep || slept !== (owner.slept ?? 0) || time.idleOf(owner) - before > BUSY_MS;
    this.#parts.link.push(() => {
      this.#floor = Math.max(this.#floor, floor);
      this.#arrived({ record, count, floor }, hasSlept());
    });
  }

  #arrived({ record, count }: LeaseDelivery, isStale: boolean): void {
    if (this.#closed) return;
    const { offset } = record;
    const value = record.value.slice();
    const consumer = this.#consumer;
    const { time } = this.#parts;
    const earlier = [...this.#held].find((held) => held.offset === offset);
    const hold: Hold = earlier?.hold ?? { since: 0, busyBefore: 0, isStale };
    hold.isStale = isStale;
    hold.since = time.now;
    hold.busyBefore = time.idleOf(this.#parts.owner);
    const bytes = sizeOf(this.#parts, record);
    const token: LeaseToken = { of: this, offset, count, bytes, isSettled: false, isLost: false, hold };
    this.#held.add(token);
    this.#parts.given(value, {
      isValid: () => !consumer.isDeleted && consumer.holds(offset, count) && this.#parts.owner.alive,
      isTaken: () => token.isLost,
      ranOutAgo: () => Math.max(0, time.now - token.hold.since - LEASE_MS),
    });
    const message: IncomingMessage = {
      ...incoming(record, value),
      size: bytes,
      ...{
        token,
        position:
          this.#place.partition === undefined ? { offset } : { partition: this.#place.partition, offset },
      },
      ...{ deliveryCount: count, redelivered: count > 1 },
    };
    this.#wanted.messages--;
    this.#wanted.bytes -= bytes;
    if (this.#wanted.bytes <= 0) this.#parts.events.count('credit: bytes used up');
    this.#sink.push([message]);
  }

  #pull(): void {
    if (this.#pulling || this.#wanted.messages <= 0 || this.#wanted.bytes <= 0 || this.#stopped) return;
    this.#pulling = true;
    const { time, owner, link } = this.#parts;
    link.tell(() => {
      if (link.isDead || this.#stopped || this.#place.isServed?.() === false) return;
      if (this.#consumer.isDeleted) return link.push(() => this.#recreate());
      this.credit = Math.max(0, this.#wanted.messages);
      this.bytes = Math.max(0, this.#wanted.bytes);
      this.#consumer.join(this);
    });
    time.at(
      PULL_EVERY_MS,
      () => {
        this.#pulling = false;
        this.#pull();
      },
      owner,
    );
  }

  /** The consumer is gone, and with it whatever it had given. */
  #recreate(): void {
    const { link, events, name } = this.#parts;
    if (!this.#consumer.isDeleted || this.#closed) return;
    const floor = this.#floor;
    link
      .call('create the consumer', () => this.#consumers.find() ?? this.#consumers.make(floor))
      .then((made) => {
        if (!this.#consumer.isDeleted || this.#closed) return;
        events.count('member: consumer made anew');
        this.#consumer = made;
        made.members.add(this);
        const lost = [...this.#held];
        for (const token of lost) token.isLost = true;
        this.#held.clear();
        this.#sink.failed(new Error(`the consumer of ${name} was deleted`));
        this.#sink.resumed();
        this.#sink.lost(lost);
        this.#pull();
      })
      .catch(() => {});
  }
}
