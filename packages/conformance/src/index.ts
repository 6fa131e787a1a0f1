/** `@ebus/conformance`: the suite every adapter runs. */
export type { Harness } from './harness.js';
export { runConformance } from './run-conformance.js';
export type { TestRunner } from './runner.js';
export { type Recorded, recordReads, settingsOf } from './settings/settings.js';
