/** What a group defines its tests with. */
import type { Offer, Requirement } from './requirements.js';
import type { Scenario } from './test-kit/scenario.js';

export interface Suite extends Offer {
  test(title: string, body: (scenario: Scenario) => Promise<void>): void;
  /** A test that is skipped, with the reason in its title, where the transport does not meet a requirement. */
  testWhere(
    requirements: Requirement | readonly Requirement[],
    title: string,
    body: (scenario: Scenario) => Promise<void>,
  ): void;
}

export type Group = (suite: Suite) => void;
