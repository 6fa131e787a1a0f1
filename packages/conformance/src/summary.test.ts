import { expect, it } from 'vitest';
import { Summary } from './summary.js';

it('counts, and says by group what is not proven and why', () => {
  const summary = new Summary();
  summary.test();
  summary.test();
  summary.knownToFail('errors: a', 'not mended yet');
  summary.unproven('crash', ['program']);
  summary.unproven('crash', ['program', 'leases']);
  summary.unproven('receipts', ['broker.network']);
  expect(summary.lines('conformance of x')).toEqual([
    'conformance of x: 2 tests, 1 known to fail, 3 not proven',
    '  known to fail: errors: a (not mended yet)',
    '  not proven: crash (2 tests; the harness offers no program, leases)',
    '  not proven: receipts (1 test; the harness offers no broker.network)',
  ]);
});
