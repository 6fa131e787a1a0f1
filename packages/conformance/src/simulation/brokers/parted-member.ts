/** A member's side of a topic with partitions on a broker with leases: one lease member for each partition that it has. */
import {
  type CallOptions,
  ConnectionError,
  type Credit,
  type PartitionLag,
  type Settlement,
  type SubscriptionSink,
  type UnsettledCount,
} from '@ebus/core/driver';
import { LEASE_MS } from './lease-consumer.js';
import { LeaseMember } from './lease-member.js';
import type { LeaseToken } from './lease-place.js';
import { checkCredit, type Held, type Member, type MemberParts } from './member.js';
import type { PartedClient } from './parted-group.js';
import type { Layout, PartedTopic } from './parted-topic.js';

/** How often it says that it is there. */
const TELL_MS = 1_000;
/** What handlers of a partition may take that goes to another member. */
const REVOKE_MS = 9_000;

interface Share {
  readonly partition: number;
  readonly epoch: number;
  readonly member: LeaseMember;
  /** It goes to another, and is gone at the end of this. */
  leaving: Promise<void> | undefined;
}

/** Its partitions come and go one by one. */
export class PartedMember implements PartedClient, Member {
  readonly leaseMs = LEASE_MS;
  readonly name: string;
  readonly ready = Promise.resolve();
  readonly #parts: MemberParts;
  readonly #topic: PartedTopic;
  readonly #group: string;
  readonly #sink: SubscriptionSink;
  readonly #shares = new Map<number, Share>();
  #layout: Layout;
  #credit = { messages: 0, bytes: 0 };
  #missingOf: Credit['missingOf'];
  #isMoving = false;
  #isSpreading = false;
  #stopped = false;
  #closed = false;

  constructor(parts: MemberParts, topic: PartedTopic, group: string, sink: SubscriptionSink) {
    this.name = parts.name;
    this.#parts = parts;
    this.#topic = topic;
    this.#group = group;
    this.#sink = sink;
    this.#layout = topic.current(group);
  }

  /** At the broker. */
  join(): void {
    this.#layout.group(this.#group).heard(this, new Map());
    this.#parts.time.at(TELL_MS, () => this.#tick(), this.#parts.owner);
  }

  // ---- what core asks for

  request(credit: Credit): void {
    const { messages, bytes, missingOf } = credit;
    this.#credit = { messages, bytes };
    this.#missingOf = missingOf;
    checkCredit(this.#parts, this.#group, credit, () => ({ held: this.#held, wanted: this.#credit }));
    this.#spread();
  }

  settle(done: readonly Settlement[]): void {
    for (const one of done) (one.token as LeaseToken).of.settle([one]);
    this.#spread();
  }

  extendLease(tokens: readonly unknown[]): void {
    for (const member of new Set((tokens as LeaseToken[]).map(({ of }) => of)))
      member.extendLease((tokens as LeaseToken[]).filter(({ of }) => of === member));
  }

  async unsettled({
    signal,
    partition,
  }: CallOptions & { readonly partition?: number }): Promise<UnsettledCount> {
    if (partition === undefined) return { count: 0 };
    const share = this.#shares.get(partition);
    if (share === undefined) throw new ConnectionError(`partition ${partition} is not open`);
    const { others: _, ...answer } = await share.member.unsettled({ signal });
    return answer;
  }

  async lag({ signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const look = () =>
      this.#layout.streams.map((_, partition) => {
        const { lag, floor, unread } = this.#layout.consumer(this.#group, partition);
        return { partition, lag, position: floor, settled: floor, unread };
      });
    return this.#parts.link.call('lag', look, signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#shares.values()].map(({ member }) => member.stop()));
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#closed = true;
    const group = this.#layout.group(this.#group);
    for (const { member } of this.#shares.values()) await member.close();
    this.#parts.link.tell(() => group.leave(this));
  }

  // ---- what happens to the connection

  dropped(): void {
    for (const { member } of this.#shares.values()) member.dropped();
  }

  restored(isTold: boolean): void {
    if (this.#closed) return;
    for (const { member } of this.#shares.values()) member.restored(isTold);
    this.#tell();
  }

  // ---- what the group says

  assigned(partition: number, epoch: number): void {
    this.#parts.link.push(() => this.#take(partition, epoch));
  }

  taken(partition: number, epoch: number): void {
    this.#parts.link.push(() => {
      const share = this.#shares.get(partition);
      if (share?.epoch === epoch) void this.#release(share);
    });
  }

  movedOn(): void {
    this.#parts.link.push(() => void this.#moveOn());
  }

  // ----

  get #held(): Held {
    const held = { messages: 0, bytes: 0 };
    for (const { member, leaving } of this.#shares.values()) {
      if (leaving !== undefined) continue;
      held.messages += member.held.messages;
      held.bytes += member.held.bytes;
    }
    return held;
  }

  #tick(): void {
    if (this.#closed) return;
    this.#parts.time.at(TELL_MS, () => this.#tick(), this.#parts.owner);
    this.#tell();
  }

  #tell(): void {
    const claims = new Map([...this.#shares.values()].map(({ partition, epoch }) => [partition, epoch]));
    const group = this.#layout.group(this.#group);
    this.#parts.link.tell(() => {
      if (!this.#stopped) group.heard(this, claims);
    });
  }

  #take(partition: number, epoch: number): void {
    const layout = this.#layout;
    const group = layout.group(this.#group);
    if (this.#stopped || this.#shares.has(partition) || group.epochOf(this, partition) !== epoch) return;
    const parts = { ...this.#parts, window: () => EVERYTHING };
    const place = {
      ...{ group: this.#group, stream: layout.stream(partition), partition },
      consumers: {
        find: () => layout.stream(partition).consumers.get(this.#group),
        make: (floor: number) => layout.make(this.#group, partition, floor),
      },
      isServed: () => group.epochOf(this, partition) === epoch,
    };
    const member = new LeaseMember(parts, place, this.#sinkOf(partition));
    this.#shares.set(partition, { partition, epoch, member, leaving: undefined });
    this.#sink.assigned([partition]);
    this.#spread();
  }

  #release(share: Share): Promise<void> {
    share.leaving ??= this.#letGo(share);
    return share.leaving;
  }

  async #letGo({ partition, epoch, member }: Share): Promise<void> {
    const { events, time, owner, link } = this.#parts;
    const group = this.#layout.group(this.#group);
    events.count('partitions: a member gives one back');
    await member.stop();
    const controller = new AbortController();
    const late = time.at(REVOKE_MS, () => controller.abort(new Error('the next one waits')), owner);
    await this.#sink.revoked([partition], { signal: controller.signal });
    time.cancel(late);
    await member.close();
    this.#shares.delete(partition);
    await link.call('release', () => group.released(this, partition, epoch)).catch(() => {});
    this.#spread();
  }

  async #moveOn(): Promise<void> {
    if (this.#isMoving || !this.#layout.group(this.#group).isOver) return;
    this.#isMoving = true;
    await Promise.all([...this.#shares.values()].map((share) => this.#release(share)));
    this.#layout = this.#topic.current(this.#group);
    this.#isMoving = false;
    if (!this.#stopped) this.#tell();
  }

  /** Each partition has an even part; what is missing comes first, and each may bring one. */
  #spread(): void {
    if (this.#isSpreading) return;
    this.#isSpreading = true;
    const shares = [...this.#shares.values()].filter(({ leaving }) => leaving === undefined);
    const { messages, bytes } = this.#credit;
    const part = Math.max(1, Math.floor(this.#parts.window(this.#group).messages / shares.length));
    let [left, open] = [Math.max(0, messages), shares.length];
    for (const { partition, member } of shares) {
      const wanted = Math.max(this.#missingOf?.get(partition) ?? 0, part - member.held.messages);
      const own = Math.max(0, Math.min(wanted, Math.ceil(left / open--)));
      left -= own;
      member.request({
        messages: messages > 0 && wanted > 0 ? Math.max(1, own) : 0,
        bytes: bytes / shares.length,
      });
    }
    this.#isSpreading = false;
  }

  #sinkOf(partition: number): SubscriptionSink {
    const sink = this.#sink;
    return {
      push: (batch) => {
        for (const { size = 0 } of batch) {
          this.#credit.messages--;
          this.#credit.bytes -= size;
        }
        sink.push(batch);
        this.#spread();
      },
      failed: (error) => sink.failed(error),
      resumed: () => sink.resumed(partition),
      lost: (tokens) => sink.lost(tokens),
      ended: () => sink.ended(),
      assigned: (partitions) => sink.assigned(partitions),
      revoked: (partitions, options) => sink.revoked(partitions, options),
      unassigned: (partitions, why) => sink.unassigned(partitions, why),
    };
  }
}

const EVERYTHING: Held = { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
