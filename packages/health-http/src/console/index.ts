/** `@ebus/health-http/console`: the console page of an event bus. Loaded only where it is enabled. */
export { type ConsoleHandler, consoleHandler } from './console-handler.js';
export type { ConsoleOptions } from './console-options.js';
export type { Mask, ShownMessage } from './mask.js';
export type { ConsoleSource } from './snapshot.js';
