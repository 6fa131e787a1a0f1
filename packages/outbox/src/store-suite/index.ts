/** `@ebus/outbox/store-suite`: the tests that every outbox store passes; the test runner is an argument. */
export type { OpenTransaction, StoreHarness, TestOutbox, TestRunner } from './harness.js';
export { runStoreSuite } from './run-store-suite.js';
