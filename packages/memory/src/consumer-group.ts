/** A group on one topic: who its members are, and whose turn it is to be given messages. */
import { EbusError, type Settlement } from '@ebus/core/driver';
import { Batch } from './batch.js';
import { Deliveries, type MessageSource } from './deliveries.js';
import type { LogMessage } from './log-message.js';
import { FIRST_MEMBER, LAST_MEMBER } from './unsettled-offsets.js';

/** The log of a topic, as its groups use it. */
export interface GroupLog extends MessageSource {
  readonly name: string;
  /** The group has settled something: there may be room for writers, and messages to forget. */
  onSettled(group: ConsumerGroup): void;
  /** Milliseconds since a message was written. */
  ageOf(message: LogMessage): number;
}

/** A member as its group sees it. */
export interface Member {
  /** Whether it needs per-key order. */
  readonly ordered: boolean;
  /** Keys may be parked: one member is active at a time, and is told when it is. */
  readonly parks: boolean;
  /** Its room. */
  readonly messages: number;
  readonly bytes: number;
  /** Uses up some of the room. */
  deliver(batch: readonly LogMessage[]): void;
  /** Others of the group were active before. */
  activated(): void;
}

/** The most that a member is given at a time, so that what it finishes at once is settled at once, and work spreads. */
const SLICE = 256;

/**
 * Hands out messages to the members with room, in turn, from a microtask. While several members need per-key order, the
 * unsettled messages of a key stay with one member.
 */
export class ConsumerGroup {
  readonly name: string;
  readonly #log: GroupLog;
  readonly #deliveries: Deliveries;
  readonly #members = new Map<Member, number>();
  /** Members with room, the one that was served last at the end. */
  readonly #line = new Set<Member>();
  #scheduled = false;
  #dispatching = false;
  /** The only one that is given messages, where members park keys. */
  #active: Member | undefined;
  /** Keeps its position when all its members are gone, if the topic is persistent. */
  durable: boolean;

  constructor(log: GroupLog, name: string, durable: boolean, start: number) {
    this.#log = log;
    this.name = name;
    this.durable = durable;
    this.#deliveries = new Deliveries(log, start);
  }

  get members(): number {
    return this.#members.size;
  }

  /** The log's messages from here on are needed. */
  get floor(): number {
    return this.#deliveries.floor;
  }

  /** Messages up to the end of the log that are not settled, delivered or not. */
  get unsettledCount(): number {
    return this.#deliveries.unsettledCount;
  }

  /** Of those, the ones that a member could be given now. */
  get unreadCount(): number {
    return this.#deliveries.unreadCount;
  }

  /** Everything before it is settled. */
  get position(): number {
    return this.#deliveries.position;
  }

  /** Milliseconds since the oldest unsettled message was written. */
  get oldestAgeMs(): number | undefined {
    const { oldest } = this.#deliveries;
    return oldest === undefined ? undefined : this.#log.ageOf(oldest);
  }

  /** The group's unsettled messages, oldest first. */
  unsettled(): readonly LogMessage[] {
    return this.#deliveries.unsettled();
  }

  /** Messages kept outside the log; for tests of its bounds. */
  get heldCount(): number {
    return this.#deliveries.heldCount;
  }

  join(member: Member): void {
    this.#members.set(member, this.#freeNumber());
    this.#membersChanged();
  }

  /** The member's unsettled messages go to the others; its further settlements have no effect. */
  leave(member: Member): void {
    const number = this.#members.get(member);
    if (number === undefined) return;
    this.#line.delete(member);
    this.#deliveries.giveBackAll(number);
    this.#members.delete(member);
    this.#membersChanged();
  }

  /** The member has more room, or less. */
  credited(member: Member): void {
    if (member.messages <= 0 || member.bytes <= 0 || !this.#members.has(member)) {
      this.#line.delete(member);
      return;
    }
    this.#line.add(member);
    this.wake();
  }

  /** There may be something for those in the line. They are served once the current call stack is done. */
  wake(): void {
    if (this.#scheduled || this.#dispatching || this.#line.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(this.#dispatchSoon);
  }

  settle(member: Member, done: readonly Settlement[]): void {
    const number = this.#members.get(member);
    if (number === undefined) return;
    if (this.#deliveries.settle(number, done)) this.wake();
    this.#log.onSettled(this);
  }

  /** The log is about to forget everything before `offset`. */
  onForget(offset: number): void {
    this.#deliveries.onForget(offset);
  }

  readonly #dispatchSoon = () => {
    this.#scheduled = false;
    this.#dispatching = true;
    // What is settled meanwhile may be room, or messages, for another round.
    while (this.#dispatch());
    this.#dispatching = false;
  };

  /** One round through the line. True if anybody was given something. */
  #dispatch(): boolean {
    const { size } = this.#members;
    const most = size === 1 ? SLICE : Math.min(SLICE, Math.ceil(this.#deliveries.availableCount / size));
    let gave = false;
    for (const member of [...this.#line]) {
      // Gone, or served by what an earlier one of this round did.
      if (!this.#line.has(member) || (this.#active !== undefined && member !== this.#active)) continue;
      const batch = new Batch(Math.min(member.messages, most), member.bytes);
      this.#deliveries.fill(batch, this.#members.get(member) as number);
      if (batch.messages.length === 0) continue;
      this.#line.delete(member);
      member.deliver(batch.messages);
      this.credited(member);
      gave = true;
    }
    return gave;
  }

  #membersChanged(): void {
    const ordered = [...this.#members.keys()].some((member) => member.ordered);
    this.#deliveries.keepKeysTogether(ordered && this.#members.size > 1);
    this.#choose();
    this.wake();
  }

  /** The one that is here for longest: which keys are parked is known to the active member alone. */
  #choose(): void {
    const parks = [...this.#members.keys()].some((member) => member.parks);
    const [longest] = this.#members.keys();
    const next = parks ? longest : undefined;
    if (next === this.#active) return;
    this.#active = next;
    next?.activated();
  }

  #freeNumber(): number {
    const taken = new Set(this.#members.values());
    for (let number = FIRST_MEMBER; number <= LAST_MEMBER; number++) if (!taken.has(number)) return number;
    throw new EbusError(`group '${this.name}' of memory topic '${this.#log.name}' has too many members`, {
      code: 'SUBSCRIBE_FAILED',
    });
  }
}
