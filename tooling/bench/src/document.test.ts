import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { documentOf, type Results } from './document.js';
import { withSummary } from './summary.js';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

it('docs/benchmarks.md and the figures of the README are made from docs/benchmarks.json', () => {
  const results = JSON.parse(read('docs/benchmarks.json')) as Results;
  expect(read('docs/benchmarks.md'), 'run the command in its comment').toBe(documentOf(results));
  expect(read('README.md')).toBe(withSummary(read('README.md'), results));
});

it('draws growth and work as charts, and says limits only of missed targets', () => {
  const results: Results = {
    machine: 'm',
    date: '2026-01-02T00:00:00Z',
    command: 'pnpm bench',
    versions: { a: '1.0.0' },
    highestMemoryMiB: 1_234,
    suites: {
      scaling: [{ contender: '1,000 aggregates', perSecond: 1_000, perProcessorSecond: 200_000, met: true }],
      ordered: [{ contender: 'x', figure: '0.50x', met: false }],
    },
  };
  const text = documentOf(results);
  expect(text).toContain('| 1,000 aggregates | 1,000 | 5.00 µs | yes |');
  expect(text).toContain('x-axis ["1,000"]');
  expect(text).toContain('line [5]');
  expect(text.match(/The limit/g)).toHaveLength(1);
});
