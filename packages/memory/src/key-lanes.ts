/**
 * Per-key order across the members of a group: while a key has unsettled messages at a member, its further messages
 * go to that member only, and wait here when another member came across them.
 */
import type { Batch } from './batch.js';
import type { LogMessage } from './log-message.js';
import { byOffset, OffsetQueue } from './offset-queue.js';

/** The owner of a key that is at no member. */
const NOBODY = 0;

interface Lane {
  readonly key: string;
  owner: number;
  /** Messages at the owner. */
  unsettled: number;
  /** Messages that come next; older than any of the key that is still in the log. */
  readonly waiting: OffsetQueue;
}

/** Knows the keys that have something unsettled, and no others. Members are numbers. */
export class KeyLanes {
  readonly #lanes = new Map<string, Lane>();
  /** The lanes with something waiting, by owner. */
  readonly #waiting = new Map<number, Set<Lane>>();
  #waitingCount = 0;

  /** Keys with something unsettled. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Messages that wait here. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Whether the member may have the next message of the key from the log; if not, pass it to `wait`. */
  mayTake(key: string, member: number): boolean {
    const lane = this.#lanes.get(key);
    return lane === undefined || lane.owner === member;
  }

  /** The member has been given a message of the key. */
  taken(key: string, member: number): void {
    const lane = this.#laneOf(key);
    lane.owner = member;
    lane.unsettled++;
  }

  /** A message of the key has to wait: it was passed over in the log. */
  wait(key: string, message: LogMessage): void {
    this.#putBack(this.#laneOf(key), message);
  }

  /** A message of the key that was at its owner is settled. */
  settled(key: string): void {
    const lane = this.#lanes.get(key);
    if (lane !== undefined) this.#leftOwner(lane);
  }

  /** Messages of the key that were at its owner came back; they are older than what waits. */
  released(key: string, messages: readonly LogMessage[]): void {
    const lane = this.#laneOf(key);
    lane.waiting.merge(messages);
    this.#waitingCount += messages.length;
    this.#own(lane, lane.owner);
    this.#leftOwner(lane, messages.length);
  }

  /** Fills the batch with what waits for this member or for anybody. False if the batch was full before the end. */
  fill(batch: Batch, member: number, onTaken: (message: LogMessage) => void): boolean {
    for (const owner of [member, NOBODY]) {
      for (const lane of this.#waiting.get(owner) ?? []) {
        if (!this.#drain(lane, batch, member, onTaken)) return false;
      }
    }
    return true;
  }

  /** Removes all that waits, in offset order. */
  drain(): LogMessage[] {
    const all: LogMessage[] = [];
    for (const lanes of this.#waiting.values()) {
      for (const lane of lanes) for (const message of lane.waiting.drain()) all.push(message);
    }
    this.#waiting.clear();
    this.#waitingCount = 0;
    return all.sort(byOffset);
  }

  #drain(lane: Lane, batch: Batch, member: number, onTaken: (message: LogMessage) => void): boolean {
    for (let next = lane.waiting.peek(); next !== undefined; next = lane.waiting.peek()) {
      if (!batch.add(next)) return false;
      lane.waiting.shift();
      this.#waitingCount--;
      lane.unsettled++;
      this.#own(lane, member);
      onTaken(next);
    }
    return true;
  }

  #laneOf(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, owner: NOBODY, unsettled: 0, waiting: new OffsetQueue() };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #putBack(lane: Lane, message: LogMessage): void {
    lane.waiting.add(message);
    this.#waitingCount++;
    this.#own(lane, lane.owner);
  }

  #leftOwner(lane: Lane, count = 1): void {
    lane.unsettled -= count;
    if (lane.unsettled > 0) return;
    if (lane.waiting.length > 0) this.#own(lane, NOBODY);
    else this.#lanes.delete(lane.key);
  }

  /** Gives the lane to an owner and lists it there if something waits in it. */
  #own(lane: Lane, owner: number): void {
    if (lane.owner !== owner || lane.waiting.length === 0) {
      this.#waiting.get(lane.owner)?.delete(lane);
      lane.owner = owner;
    }
    if (lane.waiting.length === 0) return;
    const listed = this.#waiting.get(owner);
    if (listed === undefined) this.#waiting.set(owner, new Set([lane]));
    else listed.add(lane);
  }
}
