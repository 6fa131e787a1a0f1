/** The results: a table for people, JSON for machines. */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { type Measured, perSecond } from './compare.js';

/** One line of the results. */
export interface Row {
  readonly contender?: string;
  /** Median of the rounds. */
  readonly perSecond?: number;
  /** What it is compared with, and the figure that came of it: `2.1x`, `0.9 µs`. */
  readonly against?: string;
  readonly figure?: string;
  readonly target?: string;
  readonly met?: boolean;
}

/** The line of a contender, to be completed with what it is compared with. */
export function speedOf(measured: Measured): Row {
  return { contender: measured.name, perSecond: perSecond(measured) };
}

export function machine(): string {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return `Node ${process.version}, ${process.platform}-${process.arch}, ${processors.length} x ${model}, ${memory}`;
}

/** Rows by the name of their suite. */
export type Results = ReadonlyMap<string, readonly Row[]>;

export function printTable(results: Results): void {
  const head = ['suite', 'contender', 'msg/s', 'against', 'figure', 'target', 'met'];
  const rows = [...results].flatMap(([suite, ofSuite]) =>
    ofSuite.map((row, i) => ({ ...row, suite: i === 0 ? suite : '' })),
  );
  const body = rows.map((row) => [
    row.suite,
    row.contender ?? '',
    row.perSecond === undefined ? '' : Math.round(row.perSecond).toLocaleString('en-US'),
    row.against ?? '',
    row.figure ?? '',
    row.target ?? '',
    row.met === undefined ? '' : row.met ? 'yes' : 'NO',
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...body.map((cells) => cells[i]?.length ?? 0)),
  );
  const rightAligned = new Set(['msg/s', 'figure']);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) =>
        rightAligned.has(head[i] ?? '') ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd();
  console.log(`\n${line(head)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}`);
  for (const cells of body) console.log(line(cells));
}

export function writeJson(file: string, results: Results): void {
  const suites = Object.fromEntries(results);
  const json = JSON.stringify({ machine: machine(), date: new Date().toISOString(), suites }, null, 2);
  writeFileSync(file, `${json}\n`);
}
