/** `@ebus/cli`: the command `ebus`, for programs that want to run it themselves. */
export { EXIT } from './exit-codes.js';
export type { Io } from './io/io.js';
export { run } from './run.js';
