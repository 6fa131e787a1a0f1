import { expect, it } from 'vitest';
import { ratioOf, severityOf, stateOf } from './severity.js';

it('warns while the limit is approached', () => {
  const at = (ratio: number) => severityOf(ratio);
  expect([0, 0.299, 0.3, 0.499, 0.5, 0.699, 0.7, 0.899, 0.9, 1].map(at)).toEqual([
    ...['NORMAL', 'NORMAL', 'LOW', 'LOW', 'MEDIUM', 'MEDIUM', 'HIGH', 'HIGH', 'CRITICAL', 'CRITICAL'],
  ]);
});

it('is a metric of three states', () => {
  expect((['NORMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const).map(stateOf)).toEqual([0, 0, 1, 1, 2]);
});

it('takes a limit of 0 or less as none, and never says more than all of it', () => {
  expect([ratioOf(5, 0), ratioOf(5, -1), ratioOf(5, 10), ratioOf(50, 10), ratioOf(-1, 10)]).toEqual([
    0, 0, 0.5, 1, 0,
  ]);
});
