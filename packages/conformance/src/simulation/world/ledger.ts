/** The books: what was stored, what began, what ended; and what must hold between them. */
import type { Persistence } from '@ebus/core/driver';
import type { StoredRecord } from '../brokers/records.js';
import type { History } from './history.js';
import { Letters } from './letters.js';

interface Event {
  readonly id: string;
  /** Topic and aggregate. */
  readonly key: string;
  /** Handled, dead-lettered or discarded. */
  isDone: boolean;
  accepted: boolean;
  copies: number;
  /** Came back from its dead letter: its place in the order is another one. */
  redriven: boolean;
  /** The way of its first copy. */
  readonly persistence: Persistence;
  /** How often a broker with leases gave it to a member. */
  given: number;
  /** Who handled it in time: on a broker with leases it is not handled there again. */
  readonly handledBy: Set<string>;
}

/** One attempt of a handler. */
export interface Run {
  /** The process and its subscription. */
  readonly who: string;
  readonly id: string;
  readonly key: string;
  /** Nobody else may have the message at this moment. */
  isValid(): boolean;
}

/** What may be expected of the order of one aggregate's events. */
export interface OrderPromise {
  readonly within: 'cluster' | 'instance' | 'none';
  readonly mayOverlap: boolean;
}

/** Checks each attempt against the promises when it begins, and all messages at the end. */
export class Ledger {
  readonly #history: History;
  readonly #events = new Map<string, Event>();
  /** What was stored of each key, by its first copy. */
  readonly #log = new Map<string, Event[]>();
  /** How many at the beginning of each list are done. */
  readonly #doneOf = new Map<string, number>();
  readonly #running = new Map<string, Run[]>();
  readonly #begun = new Map<string, Set<Event>>();
  readonly #newest = new Map<string, Event>();
  #undone = 0;
  readonly letters: Letters;

  constructor(history: History) {
    this.#history = history;
    this.letters = new Letters(history);
  }

  /** How many are stored and not done. */
  get undone(): number {
    return this.#undone;
  }

  stored(key: string, id: string, record: StoredRecord, isRedriven: boolean): void {
    const known = this.#events.get(id);
    this.letters.original(id, record, isRedriven);
    if (known !== undefined) {
      known.copies++;
      if (!isRedriven) return this.#history.count('message: stored again');
      this.#history.count('message: redriven');
      known.redriven = true;
      if (known.isDone) this.#undone++;
      known.isDone = false;
      return;
    }
    const { persistence } = record;
    const fresh = { isDone: false, accepted: false, copies: 1, redriven: false, given: 0 };
    const event: Event = { id, key, persistence, ...fresh, handledBy: new Set() };
    this.#events.set(id, event);
    const log = this.#log.get(key);
    if (log === undefined) this.#log.set(key, [event]);
    else log.push(event);
    this.#undone++;
  }

  /** Whether it was stored. */
  knows(id: string): boolean {
    return this.#events.has(id);
  }

  isAccepted(id: string): boolean {
    return this.#events.get(id)?.accepted === true;
  }

  gave(id: string): void {
    const event = this.#events.get(id);
    if (event !== undefined) event.given++;
  }

  /** The publish of it resolved. */
  accepted(id: string): void {
    const event = this.#events.get(id);
    if (event === undefined) this.#history.problem('receipt', `${id} was acknowledged and is not stored`);
    else event.accepted = true;
  }

  handledBy({ who, id }: Run): void {
    this.#events.get(id)?.handledBy.add(who);
  }

  begins(run: Run, { within, mayOverlap }: OrderPromise): void {
    const others = this.#running.get(run.key) ?? [];
    if (within !== 'none') this.#checkAlone(run, others, within, mayOverlap);
    this.#running.set(run.key, [...others, run]);
    const event = this.#events.get(run.id);
    if (event === undefined)
      return this.#history.problem('invented', `${run.id} was handled and never stored`);
    if (event.handledBy.has(run.who) && event.copies === 1 && !event.redriven)
      this.#history.problem(
        'twice',
        `${run.id} of ${run.key} began again at ${run.who}, which had handled it`,
      );
    if (within === 'none') return;
    if (within === 'instance') return this.#checkWithin(run, event);
    if (event.isDone || event.redriven || !run.isValid()) return;
    const earlier = this.#firstUndone(run.key);
    if (earlier === undefined || earlier === event || earlier.redriven || isAstray(earlier, event)) return;
    this.#history.problem(
      'order',
      `${run.id} of ${run.key} began at ${run.who} before ${earlier.id} was done`,
    );
  }

  #checkAlone(run: Run, others: readonly Run[], within: 'cluster' | 'instance', mayOverlap: boolean): void {
    for (const other of others) {
      // A process that does not know yet that it has lost a message may handle it beside its new owner.
      const excused = other.who !== run.who && (within === 'instance' || !other.isValid() || !run.isValid());
      if (excused || mayOverlap) continue;
      const text = `${run.id} of ${run.key} began at ${run.who} while ${other.id} ran at ${other.who}`;
      this.#history.problem('overlap', text);
    }
  }

  /** What one subscription begins for the first time has to be in the order of the log, unless the broker gives it again. */
  #checkWithin({ who, key }: Run, event: Event): void {
    const name = `${who} ${key}`;
    const begun = this.#begun.get(name) ?? new Set<Event>();
    this.#begun.set(name, begun);
    const isNew = !begun.has(event);
    begun.add(event);
    const last = this.#newest.get(name);
    const log = this.#log.get(key) ?? [];
    if (last !== undefined && log.indexOf(last) > log.indexOf(event)) {
      if (
        isNew &&
        event.given <= 1 &&
        !event.isDone &&
        !event.redriven &&
        event.copies === 1 &&
        !isAstray(event, last)
      )
        this.#history.problem('order', `${event.id} of ${key} began at ${who} after ${last.id}`);
      return;
    }
    this.#newest.set(name, event);
  }

  ended(run: Run): void {
    const left = (this.#running.get(run.key) ?? []).filter((other) => other !== run);
    if (left.length === 0) this.#running.delete(run.key);
    else this.#running.set(run.key, left);
  }

  /** Handled or discarded. */
  done(id: string): void {
    const event = this.#events.get(id);
    if (event === undefined || event.isDone) return;
    event.isDone = true;
    this.#undone--;
  }

  /** Core says that its letter is written. */
  deadLettered(id: string): void {
    this.letters.exhausted(id);
    this.done(id);
  }

  letter(id: string, letter: StoredRecord): void {
    this.letters.letter(id, letter);
  }

  /** It is a letter of a parked key: it may be handled again, also by who has handled it, where an expelled process wrote the letter. */
  parked(id: string): void {
    const event = this.#events.get(id);
    if (event !== undefined) event.copies++;
  }

  /** The broker has lost it: nobody need handle it, and nothing waits for it. */
  forgotten(id: string): void {
    const event = this.#events.get(id);
    if (event !== undefined && (--event.copies === 0 || event.redriven)) this.done(id);
  }

  /** What is left at the end. */
  *unfinished(): IterableIterator<{ id: string; key: string; accepted: boolean }> {
    for (const event of this.#events.values()) if (!event.isDone) yield event;
  }

  #firstUndone(key: string): Event | undefined {
    const log = this.#log.get(key) ?? [];
    let index = this.#doneOf.get(key) ?? 0;
    while (log[index]?.isDone === true) index++;
    this.#doneOf.set(key, index);
    return log[index];
  }
}

/** Given up by its publisher, and stored all the same on a way that its group had left. */
function isAstray({ accepted, persistence }: Event, other: Event): boolean {
  return !accepted && persistence !== other.persistence;
}
