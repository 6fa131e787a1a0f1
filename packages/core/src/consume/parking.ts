/**
 * Which keys of a subscription are parked, and what follows from it for the next message of a lane. The dead-letter topic tells:
 * it is read when the subscription begins, and whenever messages of other keys than before may come.
 */
import type { Clock, TimerHandle } from '../clock.js';
import { LONGEST_PARKED_KEY, type ParkNote, placeOf } from '../dead-letters/park/park-note.js';
import { isKnown } from '../dead-letters/park/parked-key.js';
import { ParkedKeys } from '../dead-letters/park/parked-keys.js';
import type { ParkedLetters } from '../dead-letters/park/parked-letters.js';
import type { SettleOutcome } from '../driver/message.js';
import { EbusError } from '../errors.js';
import { backOff } from '../util/waiting.js';
import type { Delivery } from './delivery.js';
import type { ConsumeEvents } from './events.js';
import type { ConsumePolicy } from './policy.js';
import type { StartGate } from './start-gate.js';

const RETRY = { base: 200, max: 30_000 };
const LOADING = 'loading parked keys';
/** Keys that another member has redriven are forgotten here within that time. */
const REFRESH_MS = 60_000;

/** The parts that parking works with. */
export interface ParkingOptions {
  readonly policy: ConsumePolicy;
  readonly clock: Clock;
  readonly events: Pick<ConsumeEvents, 'failed'>;
  readonly gate: StartGate;
  readonly letters: ParkedLetters;
  /** Writes the message behind the letters of its key. */
  append(delivery: Delivery): void;
  finish(delivery: Delivery, outcome: SettleOutcome): void;
}

/** The parked keys of one consumer. */
export class Parking {
  readonly #options: ParkingOptions;
  readonly #closing = new AbortController();
  #keys: ParkedKeys;
  /** Counts readings of the dead-letter topic; an older one that still runs gives up. */
  #epoch = 0;
  #isBegun = false;
  /** Notes written here while the topic is being read. */
  #meanwhile: ParkNote[] = [];
  /** Keys whose first letter is on its way. */
  #pending = 0;
  /** The dead-letter topic is being read, and the gate opens at the end. */
  #isReading = false;
  #isRefreshing = false;
  #timer: TimerHandle | undefined;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.#keys = new ParkedKeys(options.policy.maxParkedKeys);
  }

  /** How many keys are parked. */
  get count(): number {
    return this.#keys.size;
  }

  /** Nothing is handled before it is known which keys are parked. */
  start(): void {
    this.#isBegun = true;
    this.reload();
  }

  /** Messages of other keys may come from now on: another member may have parked them. */
  reload(): void {
    if (!this.#isBegun || this.#closing.signal.aborted) return;
    this.#options.gate.close(LOADING);
    this.#epoch++;
    // One reading at a time: it begins anew.
    if (!this.#isReading) void this.#load();
  }

  stop(): void {
    this.#closing.abort();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  /** The next message of a lane. True where it is not to be handled: it goes to the letters of its key. */
  takes(delivery: Delivery): boolean {
    const { position } = delivery.incoming;
    if (this.#keys.size === 0 || position === undefined) return false;
    const parked = this.#keys.find(delivery.key);
    if (parked === undefined) return false;
    // Written before, by a process that did not live to settle it.
    if (isKnown(parked, placeOf(position))) {
      delivery.isHeld = true;
      this.#options.finish(delivery, 'dead-lettered');
    } else this.#options.append(delivery);
    return true;
  }

  /** Why the key cannot be parked, in words. */
  refusal({ key, incoming: { position } }: Delivery): string | undefined {
    if (position === undefined) return 'the message has no position';
    if (key.length > LONGEST_PARKED_KEY) return `its key has more than ${LONGEST_PARKED_KEY} characters`;
    if (this.#keys.find(key) !== undefined) return undefined;
    const { maxParkedKeys } = this.#options.policy;
    if (this.#keys.size + this.#pending < maxParkedKeys) return undefined;
    return `${maxParkedKeys} keys are parked already (maxParkedKeys)`;
  }

  /** The value of the letter's header. Tell `written` of it. */
  noteOf({ key, incoming: { position } }: Delivery): ParkNote {
    if (position === undefined)
      throw new EbusError('only messages with a position are parked', { code: 'INTERNAL' });
    this.#pending++;
    return { kind: 'letter', key, at: placeOf(position) };
  }

  /** The letter is acknowledged, or was given up. */
  written(note: ParkNote, isStored: boolean): void {
    this.#pending--;
    if (isStored) this.apply(note);
  }

  /** The dead-letter topic has that note now. */
  apply(note: ParkNote): void {
    this.#keys.apply(note);
    if (this.#isLoading || this.#isRefreshing) this.#meanwhile.push(note);
    else this.#keys.compact();
    this.#refreshLater();
  }

  #refreshLater(): void {
    if (this.#timer !== undefined || this.#keys.size === 0 || this.#closing.signal.aborted) return;
    this.#timer = this.#options.clock.setTimeout(() => void this.#refresh(), REFRESH_MS);
    this.#timer.unref();
  }

  /** Handlers go on meanwhile. */
  async #refresh(): Promise<void> {
    const epoch = this.#epoch;
    const isCurrent = () => epoch === this.#epoch && !this.#closing.signal.aborted;
    this.#isRefreshing = true;
    try {
      const keys = this.#isLoading ? undefined : await this.#read(isCurrent);
      if (keys !== undefined && isCurrent()) this.#keys = keys;
    } catch {
      // What is known stays so.
    }
    this.#isRefreshing = false;
    this.#timer = undefined;
    this.#refreshLater();
  }

  get #isLoading(): boolean {
    return this.#options.gate.isClosedBy(LOADING);
  }

  async #load(): Promise<void> {
    const { events, clock, gate, policy } = this.#options;
    this.#isReading = true;
    for (let failures = 0; !this.#closing.signal.aborted; ) {
      const epoch = this.#epoch;
      const isCurrent = () => epoch === this.#epoch && !this.#closing.signal.aborted;
      try {
        const keys = await this.#read(isCurrent);
        if (!isCurrent()) continue;
        this.#keys = keys;
        this.#refreshLater();
        // In the same turn: who closes the gate from now on needs a reading that opens it.
        this.#isReading = false;
        return gate.open(LOADING);
      } catch (error) {
        if (!isCurrent()) continue;
        const { deadLetterTopic } = policy;
        const note = 'cannot tell which keys are parked; nothing is handled before that';
        events.failed('dead-letter-read', error, note, { deadLetterTopic });
        await backOff(clock, RETRY, ++failures, this.#closing.signal);
      }
    }
  }

  async #read(isCurrent: () => boolean): Promise<ParkedKeys> {
    const { letters, policy } = this.#options;
    const keys = new ParkedKeys(policy.maxParkedKeys);
    this.#meanwhile = [];
    for await (const { note } of letters.records(this.#closing.signal)) {
      if (!isCurrent()) return keys;
      keys.apply(note);
      if (keys.isOver) throw tooMany(policy);
    }
    for (const note of this.#meanwhile) keys.apply(note);
    keys.compact();
    return keys;
  }
}

function tooMany({ topic, group, maxParkedKeys, deadLetterTopic }: ConsumePolicy): EbusError {
  return new EbusError(
    `'${deadLetterTopic}' has more than ${maxParkedKeys} parked keys of '${topic}' (group '${group}'): subscribe with a larger ` +
      'maxParkedKeys, then redrive them',
    { code: 'LIMIT', retryable: true },
  );
}
