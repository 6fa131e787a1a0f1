/** Results: tables for people, JSON for programs. */
import type { Io } from './io.js';
import { type Cell, table } from './table.js';

/** Writes the results of one run of the command. */
export class Output {
  readonly io: Io;
  readonly isJson: boolean;

  constructor(io: Io, isJson: boolean) {
    this.io = io;
    this.isJson = isJson;
  }

  /** `data` with `--json`, else the text. */
  show(data: unknown, text: () => string): void {
    this.io.out(this.isJson ? `${toJson(data, 2)}\n` : text());
  }

  /** The same for a list; an empty one is told on standard error. A terminal cuts the last column, so that it fits. */
  list<T>(
    items: readonly T[],
    head: readonly string[],
    row: (item: T) => readonly Cell[],
    none: string,
  ): void {
    if (items.length === 0 && !this.isJson) return this.note(none);
    const width = this.io.isTerminal ? this.io.columns : undefined;
    this.show(items, () => table(head, items.map(row), width));
  }

  /** One line of JSON, or the text: for results that come one by one. */
  item(data: unknown, text: () => string): void {
    this.io.out(this.isJson ? `${toJson(data)}\n` : text());
  }

  /** For people, on standard error. */
  note(text: string): void {
    this.io.err(`${text}\n`);
  }
}

/** Dates as ISO texts, big integers and bytes as texts. */
export function toJson(data: unknown, indent?: number): string {
  return JSON.stringify(data, (_, value) => (typeof value === 'bigint' ? String(value) : value), indent);
}
