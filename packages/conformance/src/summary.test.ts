import { expect, it } from 'vitest';
import { Summary } from './summary.js';

it('counts, says which claims are not kept, and by group what is not proven and why', () => {
  const summary = new Summary();
  summary.test();
  summary.test();
  summary.knownToFail('errors: a', 'not mended yet');
  summary.notKept('restart: a', ['redelivery: true']);
  summary.notKept('crash: b', ['redelivery: true', "ordering: 'cluster'"]);
  summary.notKept('restart: c', ['redelivery: true']);
  summary.notKept('headers: d', []);
  summary.unproven('crash', ['program']);
  summary.unproven('crash', ['program', 'leases']);
  summary.unproven('receipts', ['broker.network']);
  expect(summary.lines('conformance of x')).toEqual([
    'conformance of x: 2 tests, 1 known to fail, 3 not proven',
    '  claimed and not kept: redelivery: true',
    '    failed: restart: a',
    '    failed: restart: c',
    "  claimed and not kept: redelivery: true; ordering: 'cluster'",
    '    failed: crash: b',
    '  claimed and not kept: what every transport promises',
    '    failed: headers: d',
    '  known to fail: errors: a (not mended yet)',
    '  not proven: crash (2 tests; the harness offers no program, leases)',
    '  not proven: receipts (1 test; the harness offers no broker.network)',
  ]);
});
