/** The results: a table for people, JSON for machines. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { type Measured, perSecond } from './compare.js';

/** One line of the results. */
export interface Row {
  readonly contender?: string;
  /** Messages per second by the clock, and by processor time; medians of the rounds. */
  readonly perSecond?: number;
  readonly perProcessorSecond?: number;
  /** What it is compared with, and the figure that came of it: `2.1x`, `0.9 µs`. */
  readonly against?: string;
  readonly figure?: string;
  readonly target?: string;
  readonly met?: boolean;
}

/** Rows by the name of their suite. */
export type Results = ReadonlyMap<string, readonly Row[]>;

/** A figure with its target. */
export function against(what: string, figure: number, target?: number): Row {
  const row = { against: what, figure: `${figure.toFixed(2)}x` };
  return target === undefined ? row : { ...row, target: `>= ${target}x`, met: figure >= target };
}

/** The line of a contender, to be completed with what it is compared with. */
export function speedOf(measured: Measured): Row {
  return {
    contender: measured.name,
    perSecond: Math.round(perSecond(measured, 'clock')),
    perProcessorSecond: Math.round(perSecond(measured, 'processor')),
  };
}

export function machine(): string {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return `Node ${process.version}, ${process.platform}-${process.arch}, ${processors.length} x ${model}, ${memory}`;
}

/** Says so where other programs keep the machine busy, which figures by the clock suffer from. */
export function warningOfLoad(): string | undefined {
  const [load = 0] = loadavg();
  if (load < cpus().length / 2) return undefined;
  return `other programs keep this machine busy (load ${load.toFixed(1)}): figures by the clock will be too low`;
}

const COLUMNS: readonly { title: string; right?: boolean; cell(row: Row): string }[] = [
  { title: 'contender', cell: (row) => row.contender ?? '' },
  { title: 'msg/s', right: true, cell: (row) => count(row.perSecond) },
  { title: 'msg/CPU s', right: true, cell: (row) => count(row.perProcessorSecond) },
  { title: 'against', cell: (row) => row.against ?? '' },
  { title: 'figure', right: true, cell: (row) => row.figure ?? '' },
  { title: 'target', cell: (row) => row.target ?? '' },
  { title: 'met', cell: (row) => (row.met === undefined ? '' : row.met ? 'yes' : 'NO') },
];

export function printTable(results: Results): void {
  const head = ['suite', ...COLUMNS.map(({ title }) => title)];
  const body = [...results].flatMap(([suite, rows]) =>
    rows.map((row, i) => [i === 0 ? suite : '', ...COLUMNS.map(({ cell }) => cell(row))]),
  );
  const widths = head.map((title, i) =>
    Math.max(title.length, ...body.map((cells) => cells[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (COLUMNS[i - 1]?.right ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  console.log(`\n${line(head)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}`);
  for (const cells of body) console.log(line(cells));
}

/** `command`: how it was called, to do it again. */
export function writeJson(file: string, command: string, results: Results): void {
  const about = {
    machine: machine(),
    date: new Date().toISOString(),
    command,
    load: loadavg()[1],
    versions: versions(),
    highestMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  const json = JSON.stringify({ ...about, suites: Object.fromEntries(results) }, null, 2);
  writeFileSync(file, `${json}\n`);
}

const COMPARED = [
  '@nats-io/transport-node',
  '@nats-io/jetstream',
  '@confluentinc/kafka-javascript',
  'kafkajs',
  '@nestjs/microservices',
  'p-queue',
  'eventemitter3',
];

/** As installed. Some packages do not export their package.json, so it is looked for beside them. */
function versions(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of COMPARED) {
    const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
    found[name] = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  }
  return found;
}

function count(value: number | undefined): string {
  return value === undefined ? '' : value.toLocaleString('en-US');
}
