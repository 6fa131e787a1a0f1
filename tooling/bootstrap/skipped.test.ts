import { expect, it } from 'vitest';
import { skippedLines } from './skipped.mjs';

const suite = (name: string, test: string) => `a.test.ts > conformance of ${name} > crash > ${test}`;

it('says what was skipped by reason, what is not proven by ability, and of suites how many tests', () => {
  const reason = 'transport declares replay: false';
  expect(
    skippedLines([
      { name: 'b.test.ts > b > one', reason: 'no KVM' },
      ...[1, 2].map((n) => ({ name: suite('memory (ephemeral topics)', `${n}`), reason })),
      { name: suite('nats (ephemeral topics)', '1'), reason },
      { name: suite('memory', '3'), reason: 'not proven: the harness offers no program, leases' },
      { name: suite('memory', '4'), reason: 'not proven: the harness offers no program' },
    ]),
  ).toEqual([
    'skipped 1: no KVM',
    '    b.test.ts > b > one',
    'skipped 3: transport declares replay: false',
    '    2 of memory (ephemeral topics)',
    '    1 of nats (ephemeral topics)',
    'not proven 2: harnesses offer no',
    '    leases: 1 of memory',
    '    program: 2 of memory',
  ]);
  expect(skippedLines([])).toEqual([]);
});

it('names five tests of a reason at most', () => {
  const skipped = Array.from({ length: 7 }, (_, n) => ({ name: `b.test.ts > b > ${n}`, reason: 'no KVM' }));
  expect(skippedLines(skipped).slice(-2)).toEqual(['    b.test.ts > b > 4', '    and 2 more']);
});
