/**
 * Order on brokers with leases. Messages of a dead process come again only when its leases run out, while newer messages
 * flow. So after each interruption core asks for messages unsettled elsewhere, and newer messages of the same keys stand
 * back until those have come: decisions only, without time or questions (`order-recovery.ts` asks).
 */
import type { OffsetValue } from '../driver/message.js';
import { byOffset, type Delivery } from './delivery.js';

/** A message that may be unsettled elsewhere. */
export interface Candidate {
  readonly offset: OffsetValue;
  readonly key: string;
}

/**
 * `open`: all messages pass. `asking`: the missing messages are not known yet, and all messages stand back. `collecting`:
 * keys that may miss messages stand back; others pass.
 *
 * A delivery stands back by itself, not as a part of the question: a further interruption asks anew and loses none.
 */
export class LeasedOrder {
  #phase: 'open' | 'asking' | 'collecting' = 'open';
  #standing: Delivery[] = [];
  /** Newer ones that stood back already when it became known how many are missing. */
  readonly #early = new Set<Delivery>();
  /** How many of those that stand back were given before, or are early. */
  #returned = 0;
  /** Deliveries that are missing, and did not come yet. */
  #missing = 0;
  /** Keys of the missing messages, by offset; undefined where they cannot be known, and so every key stands back. */
  #candidates: Map<OffsetValue, string> | undefined;
  /** How many candidates of a key did not come yet. */
  readonly #held = new Map<string, number>();

  get phase(): 'open' | 'asking' | 'collecting' {
    return this.#phase;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** How many have to come still. */
  get missing(): number {
    return this.#phase === 'collecting' ? this.#missing : 0;
  }

  /** How many stand back. */
  get standing(): number {
    return this.#standing.length;
  }

  /** How many of them have come again, or were here before it was known what is missing. They take no room from the missing ones. */
  get returned(): number {
    return this.#returned;
  }

  /** How many of those that stand back since so many did were given before. */
  returnedSince(counted: number): number {
    return this.#standing.slice(counted).filter(({ incoming }) => incoming.redelivered === true).length;
  }

  /** Messages may be elsewhere: nothing passes before that is known. Deliveries that left meanwhile come again. */
  ask(): void {
    this.#phase = 'asking';
    this.#early.clear();
    this.#stand(this.#standing.filter(({ state }) => state !== 'done'));
  }

  /**
   * So many deliveries at most are missing: of these candidates, some of which may be settled, or unknown ones. Those that stand
   * back since more than `counted` did have come meanwhile: the missing ones among them are in that number still, and are no
   * candidates where they came before those were looked for.
   * @returns the deliveries that pass now, in order
   */
  collect(
    missing: number,
    candidates: Iterable<Candidate> | undefined,
    counted = this.#standing.length,
  ): readonly Delivery[] {
    this.#phase = 'collecting';
    this.#missing = missing;
    this.#held.clear();
    this.#candidates = undefined;
    if (candidates !== undefined) {
      this.#candidates = new Map();
      for (const { offset, key } of candidates) {
        if (this.#candidates.has(offset)) continue;
        this.#candidates.set(offset, key);
        this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
      }
    }
    const before = this.#standing;
    for (const delivery of before.slice(0, counted)) this.#early.add(delivery);
    this.#stand([]);
    const passing = before.flatMap((delivery, index) =>
      this.#look(delivery, index >= counted && this.#mayBeMissing(delivery)),
    );
    if (this.#candidates !== undefined) this.#missing = Math.min(this.#missing, this.#candidates.size);
    // They may have come in any order: what was handed back message by message, with newer ones in between.
    return inOrder(this.#isOver ? [...passing, ...this.open()] : passing);
  }

  /**
   * A delivery has come. @returns the deliveries that pass now, in order: itself, others that stood back for it, or
   * nothing
   */
  arrive(delivery: Delivery): readonly Delivery[] {
    if (this.#phase === 'open') return [delivery];
    if (this.#phase === 'asking') {
      this.#standBack(delivery);
      return [];
    }
    const passing = this.#look(delivery, this.#isMissingOne(delivery));
    return this.#isOver ? [...passing, ...this.open()] : passing;
  }

  /** No message is missing any more, or the wait is over. @returns the deliveries that stood back, in order */
  open(): readonly Delivery[] {
    this.#phase = 'open';
    this.#missing = 0;
    this.#candidates = undefined;
    this.#held.clear();
    return this.takeStanding();
  }

  /** Gives up those that stand back, to be handed back to the broker. */
  takeStanding(): readonly Delivery[] {
    const standing = inOrder(this.#standing);
    this.#early.clear();
    this.#stand([]);
    return standing;
  }

  /** All missing messages have come, or all candidates. */
  get #isOver(): boolean {
    return this.#missing <= 0 || this.#candidates?.size === 0;
  }

  #look(delivery: Delivery, wasMissing: boolean): readonly Delivery[] {
    if (wasMissing) this.#missing--;
    const { position } = delivery.incoming;
    const key = position === undefined ? undefined : this.#candidates?.get(position.offset);
    if (key !== undefined && position !== undefined) {
      this.#candidates?.delete(position.offset);
      const left = (this.#held.get(key) ?? 1) - 1;
      if (left > 0) this.#held.set(key, left);
      else this.#held.delete(key);
    }
    if (this.#candidates === undefined || this.#held.has(delivery.key)) {
      this.#standBack(delivery);
      return [];
    }
    return key === undefined ? [delivery] : this.#release(key, delivery);
  }

  /** The last of its key has come. */
  #release(key: string, delivery: Delivery): readonly Delivery[] {
    const passing = [...this.#standing.filter((one) => one.key === key), delivery];
    this.#stand(this.#standing.filter((one) => one.key !== key));
    return inOrder(passing);
  }

  #standBack(delivery: Delivery): void {
    this.#standing.push(delivery);
    if (this.#takesNoRoom(delivery)) this.#returned++;
  }

  #stand(deliveries: Delivery[]): void {
    this.#standing = deliveries;
    this.#returned = deliveries.filter((delivery) => this.#takesNoRoom(delivery)).length;
  }

  /** Where the broker does not say that it gave it before, it is taken for a new one. */
  #takesNoRoom(delivery: Delivery): boolean {
    return delivery.incoming.redelivered === true || this.#early.has(delivery);
  }

  /** A dead process's message comes as a redelivery; where the broker does not say so, candidates count. */
  #mayBeMissing({ incoming: { redelivered, position } }: Delivery): boolean {
    if (redelivered !== undefined) return redelivered;
    return position !== undefined && this.#candidates?.has(position.offset) === true;
  }

  /** Where candidates are known, no other one is: it is here for the second time, or left meanwhile. */
  #isMissingOne(delivery: Delivery): boolean {
    const { position } = delivery.incoming;
    const isCandidate = position === undefined || this.#candidates?.has(position.offset) !== false;
    return isCandidate && this.#mayBeMissing(delivery);
  }
}

function inOrder(deliveries: readonly Delivery[]): readonly Delivery[] {
  return [...deliveries].sort(byOffset);
}
