/** What a group defines its tests with. */
import type { Scenario } from './scenario.js';

export interface Suite {
  test(title: string, body: <Tx>(scenario: Scenario<Tx>) => Promise<void>): void;
  /** A test that needs several open transactions at once. */
  testConcurrent(title: string, body: <Tx>(scenario: Scenario<Tx>) => Promise<void>): void;
}

export type Group = (suite: Suite) => void;
