/** `@ebus/conformance`: the suite every adapter runs. */
export type {
  Ability,
  BreakableBroker,
  ChildProgram,
  ConfigOverlay,
  LogAccess,
  Login,
  Network,
  Permissions,
  ShortLeases,
  StoredMessage,
} from './abilities.js';
export { commonGroups, faultGroups, type GroupName } from './groups/index.js';
export type { Harness } from './harness.js';
export type { KnownFault } from './known-to-fail.js';
export { runProcess } from './process/run-process.js';
export { type ConformanceOptions, runConformance } from './run-conformance.js';
export type { TestRunner } from './runner.js';
export { type Recorded, recordReads, settingsOf } from './settings/settings.js';
export { type BreakableServer, ProxiedBroker } from './test-kit/proxied-broker.js';
export { TcpProxy } from './test-kit/tcp-proxy.js';
