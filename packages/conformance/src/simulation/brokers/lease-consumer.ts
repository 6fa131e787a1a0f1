/**
 * A consumer with leases, as JetStream and SQS have them: each delivery of a stream's messages is leased for a while and
 * given again where it is not settled by then.
 */
import type { VirtualTime, VirtualTimer } from '../time/virtual-time.js';
import type { BrokerEvents, StoredRecord } from './records.js';

/** Virtual milliseconds until an unsettled delivery is given again. */
export const LEASE_MS = 6_000;

/** What a consumer gives to: one connection of one member. */
export interface Inbox {
  /** Its process. */
  readonly name: string;
  /** How many more it has room for. */
  credit: number;
  /** The same in bytes; the message that crosses it still comes. */
  bytes: number;
  /** It takes nothing after that offset. */
  line: number;
  deliver(delivery: LeaseDelivery): void;
  /** It is the one that is given to now; others were before. */
  activated(): void;
  /** That delivery is not its any more. */
  ranOut(offset: number, count: number): void;
}

/** One delivery of a message to one member. */
export interface LeaseDelivery {
  readonly record: StoredRecord;
  /** How often it was given, this time included. */
  readonly count: number;
  /** Up to there the group has settled everything. */
  readonly floor: number;
}

interface Leased {
  record: StoredRecord;
  count: number;
  /** Undefined while it waits to be given again. */
  timer: VirtualTimer | undefined;
  inbox: Inbox | undefined;
}

/** The messages of one topic and way, or of one partition. Offsets count from the first message. */
export class Stream {
  readonly topic: string;
  /** Offsets begin after it. */
  readonly base: number;
  readonly records: StoredRecord[] = [];
  readonly consumers = new Map<string, LeaseConsumer>();

  constructor(topic: string, base = 0) {
    this.topic = topic;
    this.base = base;
  }

  /** The newest offset. */
  get end(): number {
    return this.base + this.records.length;
  }

  after(offset: number): StoredRecord | undefined {
    return this.records[offset - this.base];
  }
}

/** A group's position in a stream: leases, redeliveries and settled messages. */
export class LeaseConsumer {
  readonly #stream: Stream;
  readonly #time: VirtualTime;
  readonly #events: BrokerEvents;
  /** How many records it has taken from the stream. */
  #taken: number;
  readonly #leased = new Map<number, Leased>();
  /** To be given again, oldest first. */
  #again: Leased[] = [];
  readonly #inboxes: Inbox[] = [];
  isDeleted = false;
  /** Whoever has joined and not left. */
  readonly members = new Set<{ readonly isConnected: boolean }>();
  /** Gives to one member at a time, for as long as that asks. */
  readonly #isSingleActive: boolean;
  #active: Inbox | undefined;

  constructor(
    stream: Stream,
    start: number,
    isSingleActive: boolean,
    time: VirtualTime,
    events: BrokerEvents,
  ) {
    this.#stream = stream;
    this.#taken = start;
    this.#isSingleActive = isSingleActive;
    this.#time = time;
    this.#events = events;
  }

  /** The process of the member that was given to last. */
  get activeProcess(): string | undefined {
    return this.#active?.name;
  }

  /** Messages that nobody has settled. */
  get lag(): number {
    return this.#stream.end - this.#taken + this.#leased.size;
  }

  /** Given and not settled. */
  get unsettled(): number {
    return this.#leased.size;
  }

  /** The newest that was given. */
  get taken(): number {
    return this.#taken;
  }

  /** Of those, the ones that no member was given yet. */
  get unread(): number {
    return this.#stream.end - this.#taken;
  }

  /** Up to this sequence everything is settled. */
  get floor(): number {
    let floor = this.#taken;
    for (const offset of this.#leased.keys()) floor = Math.min(floor, offset - 1);
    return floor;
  }

  /** What the group has not settled, as far as it was given. */
  isUnsettled(offset: number): boolean {
    return offset > this.#taken || this.#leased.has(offset);
  }

  /** Forgets what is not settled, where no member is at work and that may be so. */
  forsake(mayForget: (record: StoredRecord) => boolean): void {
    if ([...this.members].some(({ isConnected }) => isConnected)) return;
    const forget = (record: StoredRecord) => {
      this.settle(record.offset);
      this.#events.forgotten(record);
    };
    for (const { record } of [...this.#leased.values()]) if (mayForget(record)) forget(record);
    for (let next = this.#stream.after(this.#taken); next !== undefined && mayForget(next); ) {
      this.#taken++;
      forget(next);
      next = this.#stream.after(this.#taken);
    }
  }

  /** Whether that member's delivery is still the valid one. */
  holds(offset: number, count: number): boolean {
    const leased = this.#leased.get(offset);
    if (leased?.timer === undefined || leased.count !== count) return false;
    // While a process computes, time passes here as well, and what falls due fires later.
    return leased.timer.due > this.#time.now;
  }

  /** Harmless for one that has joined: there is credit again. */
  join(inbox: Inbox): void {
    if (!this.#inboxes.includes(inbox)) this.#inboxes.push(inbox);
    this.pump();
  }

  delete(): void {
    this.isDeleted = true;
    for (const { timer } of this.#leased.values()) if (timer !== undefined) this.#time.cancel(timer);
  }

  /** Whoever was given to is not any more, until it joins again. */
  unpin(): void {
    this.#inboxes.length = 0;
  }

  leave(inbox: Inbox): void {
    const index = this.#inboxes.indexOf(inbox);
    if (index >= 0) this.#inboxes.splice(index, 1);
  }

  settle(offset: number): void {
    const leased = this.#leased.get(offset);
    if (leased === undefined) return;
    if (leased.timer !== undefined) this.#time.cancel(leased.timer);
    this.#leased.delete(offset);
    this.#again = this.#again.filter((other) => other !== leased);
    this.pump();
  }

  /** Not handled: given again at once, before newer ones. */
  handBack(offset: number, count: number): void {
    const leased = this.#leased.get(offset);
    if (leased?.count === count) this.#expire(leased);
  }

  renew(offset: number, count: number): void {
    const leased = this.#leased.get(offset);
    if (leased?.timer === undefined || leased.count !== count) return;
    this.#lease(leased);
  }

  /** Gives what there is to whoever has room. */
  pump(): void {
    while (!this.isDeleted) {
      const offset = this.#again[0]?.record.offset ?? this.#taken + 1;
      const mayTake = ({ credit, bytes, line }: Inbox) => credit > 0 && bytes > 0 && line >= offset;
      // A member that takes no more stands in nobody's way.
      const inbox = this.#isSingleActive
        ? this.#inboxes
            .filter(({ line }) => line >= offset)
            .slice(0, 1)
            .find(mayTake)
        : this.#inboxes.find(mayTake);
      if (inbox === undefined) return;
      const leased = this.#next();
      if (leased === undefined) return;
      inbox.credit--;
      if (this.#isSingleActive) {
        if (this.#active !== inbox) inbox.activated();
        this.#active = inbox;
      } else {
        // Whoever was given something goes to the end of the line.
        this.leave(inbox);
        this.#inboxes.push(inbox);
      }
      leased.count++;
      leased.inbox = inbox;
      this.#lease(leased);
      inbox.deliver({ record: leased.record, count: leased.count, floor: this.floor });
    }
  }

  #next(): Leased | undefined {
    const again = this.#again.shift();
    if (again !== undefined) return again;
    const record = this.#stream.after(this.#taken);
    if (record === undefined) return undefined;
    this.#taken++;
    const leased: Leased = { record, count: 0, timer: undefined, inbox: undefined };
    this.#leased.set(record.offset, leased);
    return leased;
  }

  #lease(leased: Leased): void {
    if (leased.timer !== undefined) this.#time.cancel(leased.timer);
    leased.timer = this.#time.at(LEASE_MS, () => {
      this.#events.count('lease: ran out');
      leased.inbox?.ranOut(leased.record.offset, leased.count);
      this.#expire(leased);
    });
  }

  #expire(leased: Leased): void {
    if (leased.timer === undefined) return;
    this.#time.cancel(leased.timer);
    leased.timer = undefined;
    leased.inbox = undefined;
    const later = this.#again.findIndex(({ record }) => record.offset > leased.record.offset);
    this.#again.splice(later < 0 ? this.#again.length : later, 0, leased);
    this.pump();
  }
}
