/** The interface by which a group defines its tests. */
import type { Ability } from './abilities.js';
import type { Offer, Requirement } from './requirements.js';
import type { Scenario } from './test-kit/scenario.js';

/** Defines the tests of a group, and skips those that the adapter cannot run. */
export interface Suite extends Offer {
  test(title: string, body: Body): void;
  /** A test that is skipped, with the reason in its title, where the transport does not meet a requirement. */
  testWhere(requirements: Requirement | readonly Requirement[], title: string, body: Body): void;
  /**
   * A test that does more than using the bus. Where the harness does not offer what it needs, the title says that it
   * is not proven, and the summary counts it. With any `broker` ability it plays on the broker that may be broken.
   */
  prove(
    needs: readonly Ability[],
    requirements: Requirement | readonly Requirement[],
    title: string,
    body: Body,
  ): void;
}

/** A test. It rejects to fail; its scenario ends all buses and processes afterwards. */
export type Body = (scenario: Scenario) => Promise<void>;

/** Defines the tests of one subject, when the suite is set up. */
export type Group = (suite: Suite) => void;
