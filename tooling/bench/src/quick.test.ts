import { expect, it } from 'vitest';
import { quick } from './quick.js';

// It asserts no times: the figures of a test run say nothing.
it('every suite without a broker runs, and has rows', { timeout: 60_000 }, async () => {
  const results = await quick();
  expect(results.size).toBeGreaterThan(8);
  for (const [suite, rows] of results) {
    expect(rows, suite).not.toHaveLength(0);
    for (const row of rows) expect(row.contender ?? row.against, suite).toBeTruthy();
  }
});
