/** `@ebus/memory/testing`: a bus for tests of handlers, in this process, with a clock that can be moved. */
export type { HandlerFault, PublishFault } from './faults.js';
export type { Seen } from './recorder.js';
export type { DeadLetteredMessage, FailedAttempt, HandledMessage, SeenMessage } from './seen-message.js';
export { type TestBus, type TestBusOptions, testBus } from './test-bus.js';
export type { IdleOptions, WaitOptions } from './waiting.js';
