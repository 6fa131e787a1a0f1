/** The test runner, as an argument: the suite imports none. */

/**
 * The test runner: vitest's, Jest's and `node:test`'s `describe` and `it` fit as they are.
 * Tests of one file must run one after the other, as they do by default in all of them.
 */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it: {
    (name: string, body: () => Promise<void>): unknown;
    skip(name: string, body: () => Promise<void>): unknown;
  };
}
