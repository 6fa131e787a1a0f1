/** Runs every group of tests against one store. */
import { groups } from './groups/index.js';
import type { StoreHarness, TestRunner } from './harness.js';
import { Scenario } from './scenario.js';
import type { Suite } from './suite.js';

/** Defines the tests with the runner handed in. Every test has an outbox of its own, which the harness makes. */
export function runStoreSuite<Tx>(runner: TestRunner, harness: StoreHarness<Tx>): void {
  const test: Suite['test'] = (title, body) => runner.it(title, () => Scenario.play(harness, body));
  const suite: Suite = {
    test,
    testConcurrent: (title, body) => {
      if (harness.concurrentTransactions !== false) test(title, body);
      else runner.it.skip(`${title} # skipped: one transaction at a time`, async () => {});
    },
  };
  runner.describe(`outbox store ${harness.name}`, () => {
    for (const [name, group] of Object.entries(groups)) runner.describe(name, () => group(suite));
  });
}
