/** `@ebus/conformance/simulation`: seeded simulation of core, or of a service's own handlers. */
export { explain } from './explain.js';
export type { Cut } from './plan/cut.js';
export type { BrokerKind } from './plan/plan.js';
export { type BrokenSeed, type SimulateOptions, type SimulationReport, simulate } from './simulate.js';
export type { Random } from './time/random.js';
export type { SimulatedEvent, SimulatedProcess } from './world/app.js';
export type { Problem } from './world/history.js';
export type { UserService } from './world/user-app.js';
