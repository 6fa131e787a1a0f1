/** `@ebus/fastify`: an event bus on a Fastify instance. */
export { ebus } from './ebus.js';
export type { EbusFastifyOptions, HealthRoutes } from './options.js';
