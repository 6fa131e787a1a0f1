/** `@ebus/health-http`: health, readiness and metrics of an event bus over HTTP. */
export type { HealthSource } from './endpoints.js';
export type { BusinessBody, CheckBody, EventBusBody, HealthBody } from './health-body.js';
export {
  type HealthHandler,
  type HealthHandlerOptions,
  healthHandler,
  type RequestLike,
  type ResponseLike,
} from './health-handler.js';
export { type HealthHttpPlugin, healthHttp } from './health-http.js';
export type { ConsoleConfig, HealthHttpConfig } from './health-http-config.js';
export type { HealthHttpAddress } from './health-server.js';
