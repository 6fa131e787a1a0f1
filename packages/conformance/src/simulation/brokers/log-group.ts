/** A group of a log broker: who has which partition, and up to where each is handled. */
import type { PartitionLag } from '@ebus/core/driver';
import type { Random } from '../time/random.js';
import type { VirtualTime, VirtualTimer } from '../time/virtual-time.js';
import {
  type Assignment,
  type GroupMember,
  type LogPosition,
  type Partition,
  REVOKE_MS,
  SESSION_MS,
  translated,
} from './log-types.js';
import type { BrokerEvents } from './records.js';

/** What a group reads. */
export interface GroupTopic {
  readonly name: string;
  readonly partitions: readonly Partition[];
  /** Those that wait for something new. */
  readonly waiting: Set<() => void>;
}

/** Assigns each partition to one member at a time. Commits of earlier assignments are refused by their epoch. */
export class LogGroup {
  readonly topic: GroupTopic;
  readonly committed = new Map<number, LogPosition>();
  readonly #time: VirtualTime;
  readonly #events: BrokerEvents;
  readonly #random: Random;
  readonly #owners = new Map<number, { member: GroupMember; epoch: number }>();
  #epochs = 0;
  readonly #members = new Map<GroupMember, VirtualTimer | undefined>();
  /** What is being taken from members, until they let go of it. */
  readonly #releasing = new Map<number, GroupMember>();
  #deadline: VirtualTimer | undefined;
  #planned = false;

  constructor(topic: GroupTopic, time: VirtualTime, events: BrokerEvents, random: Random) {
    this.topic = topic;
    this.#time = time;
    this.#events = events;
    this.#random = random;
  }

  /** Messages that the group has not settled. */
  get lag(): number {
    return this.topic.partitions.reduce((sum, partition) => sum + this.lagOf(partition), 0);
  }

  lagOf({ index, records }: Partition): number {
    let lag = 0;
    for (let offset = this.positionOf(index).offset; offset < records.length; offset++)
      if (records[offset] !== undefined) lag++;
    return lag;
  }

  /** As a driver tells it. */
  get lags(): PartitionLag[] {
    return this.topic.partitions.map((partition) => {
      const { offset } = this.positionOf(partition.index);
      return {
        partition: partition.index,
        lag: this.lagOf(partition),
        position: offset,
        settled: offset,
      };
    });
  }

  isMember(member: GroupMember): boolean {
    return this.#members.has(member);
  }

  /** The number of the assignment by which it has the partition; undefined where it has not. */
  epochOf(member: GroupMember, partition: number): number | undefined {
    const owner = this.#owners.get(partition);
    return owner?.member === member ? owner.epoch : undefined;
  }

  /** The process of the member that has the partition. */
  processOf(partition: number): string | undefined {
    return this.#owners.get(partition)?.member.name;
  }

  /** Where reading begins. */
  positionOf(index: number): LogPosition {
    const partition = this.topic.partitions[index] as Partition;
    const committed = this.committed.get(index);
    if (committed === undefined) return { offset: 0, incarnation: partition.incarnation };
    return translated(partition, committed);
  }

  /** What the member has, by what the group knows. */
  assignmentsOf(member: GroupMember): Assignment[] {
    const mine = [...this.#owners].filter(([, owner]) => owner.member === member);
    return mine.map(([partition]) => this.#assignment(partition));
  }

  #assignment(partition: number): Assignment {
    const epoch = this.#owners.get(partition)?.epoch ?? 0;
    return { partition, epoch, from: this.positionOf(partition) };
  }

  join(member: GroupMember): void {
    if (this.#members.has(member)) return;
    this.#members.set(member, undefined);
    this.rebalance();
  }

  /** Leaves by itself, after it has let go of everything. */
  leave(member: GroupMember): void {
    this.#remove(member);
  }

  commit(member: GroupMember, index: number, epoch: number, position: LogPosition): 'committed' | 'refused' {
    if (this.epochOf(member, index) !== epoch) {
      this.#events.count('commit: refused');
      return 'refused';
    }
    this.committed.set(index, position);
    return 'committed';
  }

  /** Nothing is heard of it from now on; it has until the end of its session to come back. */
  unheard(member: GroupMember): void {
    if (!this.#members.has(member) || this.#members.get(member) !== undefined) return;
    const timer = this.#time.at(SESSION_MS, () => {
      this.#events.count('group: session expired');
      this.#remove(member);
    });
    this.#members.set(member, timer);
  }

  heard(member: GroupMember): void {
    const timer = this.#members.get(member);
    if (timer === undefined) return;
    this.#time.cancel(timer);
    this.#members.set(member, undefined);
  }

  /** Whether it was asked to let go of it and has not answered. */
  isReleasing(member: GroupMember, partition: number): boolean {
    return this.#releasing.get(partition) === member;
  }

  /** Shares the partitions out anew, once what is under way is done. */
  rebalance(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#time.at(1, () => {
      this.#planned = false;
      if (this.#releasing.size > 0) return;
      this.#takeAway();
    });
  }

  /** Of an earlier assignment it is said too late, and means nothing. */
  released(member: GroupMember, parts: readonly Pick<Assignment, 'partition' | 'epoch'>[]): void {
    for (const { partition, epoch } of parts) {
      if (this.#releasing.get(partition) !== member || this.epochOf(member, partition) !== epoch) continue;
      this.#releasing.delete(partition);
      this.#owners.delete(partition);
    }
    this.#assignIfDone();
  }

  #takeAway(): void {
    const members = [...this.#members.keys()];
    if (members.length === 0) return;
    this.#events.count('group: rebalanced');
    const moving = new Map<GroupMember, number[]>();
    for (const { index } of this.topic.partitions) {
      const owner = this.#owners.get(index)?.member;
      if (owner === undefined || members.length === 1 || this.#random.chance(0.5)) continue;
      this.#releasing.set(index, owner);
      moving.set(owner, [...(moving.get(owner) ?? []), index]);
    }
    for (const [member, partitions] of moving) {
      this.#events.count('group: revoked');
      member.revoked(partitions);
    }
    this.#deadline = this.#time.at(REVOKE_MS, () => {
      for (const member of new Set(this.#releasing.values())) {
        this.#events.count('group: revocation timed out');
        this.#remove(member);
        member.expelled();
      }
      this.#assignIfDone();
    });
    this.#assignIfDone();
  }

  #assignIfDone(): void {
    if (this.#releasing.size > 0) return;
    if (this.#deadline !== undefined) this.#time.cancel(this.#deadline);
    this.#deadline = undefined;
    const members = [...this.#members.keys()];
    if (members.length === 0) return;
    const given = new Map<GroupMember, number[]>();
    for (const { index } of this.topic.partitions) {
      if (this.#owners.has(index)) continue;
      const member = this.#random.pick(members);
      this.#owners.set(index, { member, epoch: ++this.#epochs });
      given.set(member, [...(given.get(member) ?? []), index]);
    }
    for (const member of members) {
      const partitions = given.get(member) ?? [];
      member.assigned(partitions.map((partition) => this.#assignment(partition)));
    }
  }

  #remove(member: GroupMember): void {
    const timer = this.#members.get(member);
    if (!this.#members.delete(member)) return;
    if (timer !== undefined) this.#time.cancel(timer);
    for (const [partition, owner] of this.#owners)
      if (owner.member === member) this.#owners.delete(partition);
    for (const [partition, owner] of this.#releasing) if (owner === member) this.#releasing.delete(partition);
    this.rebalance();
  }
}
