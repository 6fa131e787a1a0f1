/** The test runner, as an argument: the suite imports none. */

/**
 * What the suite needs of a runner. Vitest's and Jest's globals fit as they are; with `node:test` pass
 * `{ describe, it, beforeAll: before, afterAll: after }`.
 */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it: {
    (name: string, body: () => Promise<void>): unknown;
    skip(name: string, body: () => Promise<void>): unknown;
  };
}
