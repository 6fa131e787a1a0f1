/** Which member reads which partition, on a broker with leases: told by the members, and enforced by one pin a partition. */
import type { Random } from '../time/random.js';
import type { VirtualTime, VirtualTimer } from '../time/virtual-time.js';
import type { LeaseConsumer } from './lease-consumer.js';
import type { BrokerEvents } from './records.js';

/** Silent for so long, a member is gone, and its pins are taken off. */
const GONE_MS = 5_500;
/** A member that takes longer to let go of a partition is not waited for: the next one is served. */
const PIN_MS = 7_000;

/** A member as its group reaches it. Everything goes over the network, and may be told twice. */
export interface PartedClient {
  readonly name: string;
  assigned(partition: number, epoch: number): void;
  /** Another is to have it. */
  taken(partition: number, epoch: number): void;
  /** All partitions are settled: there are others now. */
  movedOn(): void;
}

interface Pinned {
  readonly member: PartedClient;
  readonly epoch: number;
  /** It was asked to let go. */
  leaving: VirtualTimer | undefined;
}

interface PartedGroupOptions {
  readonly partitions: number;
  readonly time: VirtualTime;
  readonly events: BrokerEvents;
  readonly random: Random;
  consumer(partition: number): LeaseConsumer;
}

/** A group on one layout of a topic. Each partition moves by itself. */
export class PartedGroup {
  readonly #options: PartedGroupOptions;
  readonly #members = new Map<PartedClient, VirtualTimer>();
  /** Who is to have a partition. */
  readonly #wanted = new Map<number, PartedClient>();
  readonly #pinned = new Map<number, Pinned>();
  #epochs = 0;
  /** Everything in it is settled, and there are other partitions. */
  isOver = false;

  constructor(options: PartedGroupOptions) {
    this.#options = options;
  }

  get clients(): Iterable<PartedClient> {
    return this.#members.keys();
  }

  processOf(partition: number): string | undefined {
    return this.#pinned.get(partition)?.member.name;
  }

  epochOf(member: PartedClient, partition: number): number | undefined {
    const pinned = this.#pinned.get(partition);
    return pinned?.member === member ? pinned.epoch : undefined;
  }

  /** It is there, and takes these for its own, by partition and epoch. What it does not know is told again. */
  heard(member: PartedClient, claims: ReadonlyMap<number, number>): void {
    const { time, events } = this.#options;
    if (this.isOver) return member.movedOn();
    const before = this.#members.get(member);
    if (before !== undefined) time.cancel(before);
    const gone = time.at(GONE_MS, () => {
      events.count('partitions: a member was gone');
      this.leave(member);
    });
    this.#members.set(member, gone);
    if (before === undefined) return this.#share();
    for (const [partition, epoch] of claims)
      if (this.epochOf(member, partition) !== epoch) member.taken(partition, epoch);
    for (const [partition, { member: owner, epoch, leaving }] of this.#pinned) {
      if (owner !== member) continue;
      if (leaving !== undefined) member.taken(partition, epoch);
      else if (claims.get(partition) !== epoch) member.assigned(partition, epoch);
    }
  }

  leave(member: PartedClient): void {
    const timer = this.#members.get(member);
    if (timer === undefined) return;
    this.#options.time.cancel(timer);
    this.#members.delete(member);
    for (const [partition, { member: owner }] of this.#pinned) if (owner === member) this.#unpin(partition);
    this.#share();
  }

  released(member: PartedClient, partition: number, epoch: number): void {
    if (this.epochOf(member, partition) !== epoch) return;
    this.#unpin(partition);
    this.#share();
  }

  /** Some partitions go to others, whether that is even or not. */
  disturb(): void {
    const { random, partitions } = this.#options;
    const members = [...this.#members.keys()];
    if (members.length === 0) return;
    for (let partition = 0; partition < partitions; partition++)
      if (random.chance(0.5)) this.#wanted.set(partition, random.pick(members));
    this.#bring();
  }

  /** Evenly; only what has to move moves. */
  #share(): void {
    const { partitions } = this.#options;
    const shares = new Map<PartedClient, number[]>([...this.#members.keys()].map((member) => [member, []]));
    if (shares.size === 0 || this.isOver) return;
    const bySize = () => [...shares].sort(([, one], [, other]) => one.length - other.length);
    const free: number[] = [];
    for (let partition = 0; partition < partitions; partition++)
      (shares.get(this.#wanted.get(partition) as PartedClient) ?? free).push(partition);
    for (const partition of free) bySize()[0]?.[1].push(partition);
    for (;;) {
      const sorted = bySize();
      const [least, most] = [sorted[0]?.[1] ?? [], sorted.at(-1)?.[1] ?? []];
      if (most.length - least.length < 2) break;
      least.push(most.pop() as number);
    }
    for (const [member, own] of shares) for (const partition of own) this.#wanted.set(partition, member);
    this.#bring();
  }

  /** Gives what is free, and asks for what is to move. */
  #bring(): void {
    const { time, events } = this.#options;
    for (const [partition, member] of this.#wanted) {
      const pinned = this.#pinned.get(partition);
      if (pinned === undefined) this.#give(partition, member);
      else if (pinned.member !== member && pinned.leaving === undefined) {
        events.count('partitions: one is to move');
        pinned.leaving = time.at(PIN_MS, () => {
          events.count('partitions: one was not let go of in time');
          this.#unpin(partition);
          this.#share();
        });
        pinned.member.taken(partition, pinned.epoch);
      }
    }
  }

  #give(partition: number, member: PartedClient): void {
    const epoch = ++this.#epochs;
    this.#pinned.set(partition, { member, epoch, leaving: undefined });
    this.#options.events.count('partitions: one was given');
    member.assigned(partition, epoch);
  }

  #unpin(partition: number): void {
    const pinned = this.#pinned.get(partition);
    if (pinned?.leaving !== undefined) this.#options.time.cancel(pinned.leaving);
    this.#pinned.delete(partition);
    this.#options.consumer(partition).unpin();
  }
}
