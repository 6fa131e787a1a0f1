/** One consumer of a `PinnedServer`: serves one client at a time, as priority group `pinned_client` does. */
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { ManualClock } from '../../../core/src/testing/manual-clock.js';

const NANOS = 1_000_000;
/** Without a request for so long the pin is taken off. */
const PIN_TTL_MS = 10_000;

/** A record of the stream, and how often it was given. */
export interface PinnedRecord {
  readonly subject: string;
  readonly key: string;
  readonly sequence: number;
  count: number;
}

/** The answers to one pull request. */
export interface PullAnswers {
  deliver(record: PinnedRecord, reply: string, pin: string): void;
  /** ADR-13: 408 expired, 423 not the pinned one. */
  status(code: number): void;
  /** False: the server drops the request. */
  isHeard(): boolean;
}

interface Waiting {
  batch: number;
  /** The pin of its client. */
  pin: string | undefined;
  readonly answers: PullAnswers;
}

/** The body of a pull request as far as it matters here. */
export interface PullBody {
  readonly batch: number;
  readonly max_bytes: number;
  readonly expires: number;
  readonly id?: string;
}

let pins = 0;

/** Gives records to the client that it has chosen, the first that asks. */
export class PinnedConsumer {
  readonly name: string;
  pin: string | undefined;
  created = '2026-01-01T00:00:00Z';
  readonly pending: PinnedRecord[] = [];
  /** Given and not settled, by sequence. */
  readonly unsettled = new Map<number, PinnedRecord>();
  /** As clients said them: sequence and word; no word is an acknowledgement. */
  readonly acks: (readonly [sequence: number, word: string])[] = [];
  readonly #clock: ManualClock;
  #waiting: Waiting[] = [];
  #given = 0;
  #last = 0;
  #timer: ReturnType<ManualClock['setTimeout']> | undefined;

  constructor(name: string, clock: ManualClock) {
    this.name = name;
    this.#clock = clock;
  }

  get info(): ConsumerInfo {
    const first = Math.min(this.#last, ...[...this.unsettled.keys()].map((sequence) => sequence - 1));
    return {
      ...{ name: this.name, stream_name: 'S', created: this.created, ts: '', num_waiting: 0 },
      ...{ num_pending: this.pending.length, num_ack_pending: this.unsettled.size },
      delivered: { consumer_seq: this.#given, stream_seq: this.#last },
      ack_floor: { consumer_seq: this.#given - this.unsettled.size, stream_seq: first },
      priority_groups: [{ group: 'ebus', pinned_client_id: this.pin }],
    } as unknown as ConsumerInfo;
  }

  store(record: PinnedRecord): void {
    this.pending.push(record);
    this.#serve();
  }

  request({ batch, max_bytes: bytes, expires, id }: PullBody, answers: PullAnswers): void {
    if (id !== undefined && id !== this.pin) return answers.status(423);
    if (id !== undefined) this.#seen();
    // It only keeps the pin.
    if (bytes === 1) return;
    const waiting: Waiting = { batch, pin: id, answers };
    this.#waiting.push(waiting);
    this.#clock.setTimeout(() => {
      if (!this.#waiting.includes(waiting)) return;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      answers.status(408);
    }, expires / NANOS);
    this.#serve();
  }

  settle(sequence: number, word: string): void {
    this.acks.push([sequence, word]);
    const record = this.unsettled.get(sequence);
    if (record === undefined || word === '+WPI') return;
    this.unsettled.delete(sequence);
    if (word.startsWith('-NAK')) this.pending.unshift(record);
    this.#serve();
  }

  /** By its client, an operator, or because it was not heard of. */
  unpin(): void {
    const { pin } = this;
    this.pin = undefined;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    const dropped = this.#waiting.filter((waiting) => waiting.pin === pin);
    this.#waiting = this.#waiting.filter((waiting) => waiting.pin !== pin);
    for (const { answers } of dropped) answers.status(423);
    this.#serve();
  }

  #seen(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.unpin(), PIN_TTL_MS);
  }

  #serve(): void {
    this.#waiting = this.#waiting.filter(({ answers }) => answers.isHeard());
    while (this.pending.length > 0) {
      const next = this.#waiting.find(({ pin }) => this.pin === undefined || pin === this.pin);
      if (next === undefined) return;
      if (this.pin === undefined) {
        this.pin = `pin-${++pins}`;
        this.#seen();
      }
      next.pin = this.pin;
      const record = this.pending.shift() as PinnedRecord;
      record.count++;
      this.unsettled.set(record.sequence, record);
      this.#last = Math.max(this.#last, record.sequence);
      const reply = `$JS.ACK.S.${this.name}.${record.count}.${record.sequence}.${++this.#given}.1700000000000000000.0`;
      if (--next.batch === 0) this.#waiting = this.#waiting.filter((other) => other !== next);
      next.answers.deliver(record, reply, this.pin);
    }
  }
}
