/** The books of dead letters: each is its message as it was, and none is lost, whatever is redriven. */
import { findHeader, formatPosition, type HeaderList, headerBytes, headerText } from '@ebus/core/driver';
import type { StoredRecord } from '../brokers/records.js';
import { GROUP } from './app.js';
import type { History } from './history.js';

interface Account {
  /** The message as it was stored first. */
  readonly original: StoredRecord;
  /** Where its copies are, as letters say it. */
  readonly positions: Set<string>;
  letters: number;
  /** How often core said that it had dead-lettered it. */
  exhausted: number;
  /** Copies that came from letters. */
  redriven: number;
}

/** Checks dead letters and redrives against their messages. */
export class Letters {
  readonly #history: History;
  readonly #accounts = new Map<string, Account>();

  constructor(history: History) {
    this.#history = history;
  }

  /** The message itself was stored, or another copy of it. */
  original(id: string, record: StoredRecord, isRedriven: boolean): void {
    let account = this.#accounts.get(id);
    if (account === undefined) {
      account = { original: record, positions: new Set(), letters: 0, exhausted: 0, redriven: 0 };
      this.#accounts.set(id, account);
    }
    account.positions.add(formatPosition(record)).add(formatPosition({ offset: record.offset }));
    if (!isRedriven) return;
    account.redriven++;
    if (account.letters === 0) this.#wrong(id, 'was redriven, and had no letter');
    const headers = record.headers.filter(([name]) => name !== 'X-Redrive-Group');
    this.#compare(`${id}, as it was redriven,`, { ...record, headers }, account.original);
  }

  letter(id: string, letter: StoredRecord): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return this.#wrong(id, 'has a letter and was never stored');
    account.letters++;
    const { original, positions } = account;
    const count = original.headers.length;
    this.#compare(`the letter of ${id}`, { ...letter, headers: letter.headers.slice(0, count) }, original);
    const added = letter.headers.slice(count);
    const says = (name: string) => headerText(findHeader(added, name) ?? '');
    if (says('X-Original-Topic') !== original.topic || says('X-Consumer-Group') !== GROUP)
      this.#wrong(id, 'has a letter that names another topic or group');
    const position = says('X-Original-Position');
    if (position !== '' && !positions.has(position))
      this.#wrong(id, `has a letter that says it was at ${position}`);
    if (position !== '' && !/^[1-9]\d*$/.test(says('X-Attempts')))
      this.#wrong(id, `has a letter after '${says('X-Attempts')}' attempts`);
  }

  /** Core says that its letter is written. */
  exhausted(id: string): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    account.exhausted++;
    if (account.letters < account.exhausted)
      this.#wrong(id, 'was dead-lettered, and its letter is not stored');
  }

  /** Nothing could have made two letters of one failure. */
  checkDoubles(): void {
    for (const [id, { letters, exhausted }] of this.#accounts) {
      if (letters > exhausted)
        this.#wrong(id, `failed for good ${exhausted} times and has ${letters} letters`);
    }
  }

  /** A letter is there until it has gone back. `left`: those that nobody has taken, of all topics. */
  checkKept(idsLeft: readonly string[]): void {
    const left = new Map<string, number>();
    for (const id of idsLeft) left.set(id, (left.get(id) ?? 0) + 1);
    for (const [id, { exhausted, redriven }] of this.#accounts) {
      const kept = left.get(id) ?? 0;
      if (exhausted > kept + redriven)
        this.#wrong(
          id,
          `was dead-lettered ${exhausted} times: ${kept} letters are left, ${redriven} went back`,
        );
    }
  }

  #compare(what: string, one: StoredRecord, original: StoredRecord): void {
    if (String(one.key) !== String(original.key)) this.#problem(`${what} has another key`);
    if (one.tombstone !== original.tombstone) this.#problem(`${what} is no tombstone, or one`);
    if (!isEqual(one.value, original.value)) this.#problem(`${what} has other bytes`);
    if (!areSame(one.headers, original.headers)) this.#problem(`${what} has other headers`);
  }

  #wrong(id: string, what: string): void {
    this.#problem(`${id} ${what}`);
  }

  #problem(text: string): void {
    this.#history.problem('letters', text);
  }
}

function areSame(some: HeaderList, others: HeaderList): boolean {
  return (
    some.length === others.length &&
    some.every(([name, value], index) => {
      const other = others[index] as HeaderList[number];
      return name === other[0] && isEqual(headerBytes(value), headerBytes(other[1]));
    })
  );
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
