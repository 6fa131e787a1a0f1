/** `@ebus/outbox/store-suite`: the tests that every outbox store passes; the test runner is an argument. */
export {};
