/** The page of figures, made from the results of a run. */
import { charts } from './charts.js';
import { NOTES } from './notes.js';
import type { Row } from './report.js';

/** The results as `--json` writes them. */
export interface Results {
  readonly machine: string;
  readonly date: string;
  readonly command: string;
  readonly load?: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly highestMemoryMiB: number;
  readonly suites: Readonly<Record<string, readonly Row[]>>;
}

const INTRODUCTION = `# Benchmarks

<!-- Made by \`pnpm bench --from docs/benchmarks.json --markdown docs/benchmarks.md\`. Change the notes in tooling/bench/src/notes.ts. -->

How fast ebus is, beside the plain clients and other libraries. All contenders of a table run in turn in one process, against the
same server, with the same messages: envelopes of about 380 bytes where nothing else is said. Figures are medians of the rounds.

Compare figures within a table. Another machine has other figures, and much the same ratios. *CPU* is the processor time of the
process that publishes and handles; the broker's is not in it.`;

/** Markdown. */
export function documentOf(results: Results): string {
  const { machine, date, command, versions, highestMemoryMiB, load } = results;
  const about = [
    `- Machine: ${machine}${load === undefined ? '' : `, load ${load.toFixed(1)} at the end`}`,
    `- Date: ${date.slice(0, 10)}`,
    `- Command: \`${command}\``,
    `- Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `- Highest memory of the process over all suites: ${highestMemoryMiB.toLocaleString('en-US')} MiB`,
  ];
  const parts = [INTRODUCTION, about.join('\n')];
  for (const [suite, rows] of Object.entries(results.suites)) {
    const note = NOTES[suite] ?? { title: suite, text: '' };
    parts.push(`## ${note.title}`);
    if (note.text !== '') parts.push(note.text);
    parts.push(...charts(suite, rows), table(rows));
    if (note.limits !== undefined && rows.some(({ met }) => met === false)) parts.push(note.limits);
  }
  return `${parts.join('\n\n')}\n`;
}

const COLUMNS: readonly { title: string; right?: boolean; cell(row: Row): string }[] = [
  { title: 'contender', cell: (row) => row.contender ?? '' },
  { title: 'messages/s', right: true, cell: (row) => row.perSecond?.toLocaleString('en-US') ?? '' },
  { title: 'CPU a message', right: true, cell: (row) => cpu(row.perProcessorSecond) },
  { title: 'against', cell: (row) => row.against ?? '' },
  { title: 'figure', right: true, cell: (row) => row.figure ?? '' },
  { title: 'target', cell: (row) => row.target ?? '' },
  { title: 'met', cell: ({ met }) => (met === undefined ? '' : met ? 'yes' : 'no') },
];

/** Without the columns that no row fills. */
function table(rows: readonly Row[]): string {
  const columns = COLUMNS.filter(({ cell }) => rows.some((row) => cell(row) !== ''));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ right }) => (right ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n');
}

function cpu(perSecond: number | undefined): string {
  if (perSecond === undefined || perSecond === 0) return '';
  const microseconds = 1e6 / perSecond;
  return `${microseconds < 0.1 ? microseconds.toFixed(3) : microseconds.toFixed(2)} µs`;
}
