/** The interface by which a group defines its tests. */
import type { Scenario } from './scenario.js';

/** Defines tests. Each body runs with a scenario of its own. */
export interface Suite {
  test(title: string, body: <Tx>(scenario: Scenario<Tx>) => Promise<void>): void;
  /** A test that needs several open transactions at once. */
  testConcurrent(title: string, body: <Tx>(scenario: Scenario<Tx>) => Promise<void>): void;
}

/** Defines the tests of one subject. */
export type Group = (suite: Suite) => void;
