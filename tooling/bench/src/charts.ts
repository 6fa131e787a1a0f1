/** Charts of the suites where a line says more than a table, for Mermaid. */
import type { Row } from './report.js';

/** None for suites without one. */
export function charts(suite: string, rows: readonly Row[]): string[] {
  if (suite === 'scaling') return ['aggregates', 'topics', 'messages'].map((what) => growth(what, rows));
  if (suite === 'key-ordered') return [byWork(rows)];
  return [];
}

function growth(what: string, rows: readonly Row[]): string {
  const own = rows.filter(({ contender = '' }) => / (\w+)/.exec(contender)?.[1] === what);
  const labels = own.map(({ contender = '' }) => /^[\d,]+/.exec(contender)?.[0] ?? '');
  const costs = own.map(({ perProcessorSecond = 1 }) => 1e6 / perProcessorSecond);
  return chart(`CPU a message by number of ${what}, in µs`, labels, 'µs', [['line', costs]]);
}

function byWork(rows: readonly Row[]): string {
  const own = rows.filter(({ contender = '' }) => /^ebus on Kafka.* concurrency 1000$/.test(contender));
  const labels = own.map(({ contender = '' }) => /\d+ ms/.exec(contender)?.[0] ?? '');
  const rates = own.map(({ perSecond = 0 }) => perSecond);
  return chart('Records a second by the work of a handler, concurrency 1,000', labels, 'records/s', [
    ['bar', rates],
  ]);
}

function chart(
  title: string,
  labels: readonly string[],
  unit: string,
  series: readonly (readonly [kind: 'bar' | 'line', values: readonly number[]])[],
): string {
  const highest = Math.max(1, ...series.flatMap(([, values]) => values));
  return [
    '```mermaid',
    'xychart-beta',
    `  title "${title}"`,
    `  x-axis [${labels.map((label) => `"${label}"`).join(', ')}]`,
    `  y-axis "${unit}" 0 --> ${rounded(highest * 1.1)}`,
    ...series.map(([kind, values]) => `  ${kind} [${values.map(rounded).join(', ')}]`),
    '```',
  ].join('\n');
}

const rounded = (value: number) => (value < 100 ? Math.round(value * 100) / 100 : Math.round(value));
