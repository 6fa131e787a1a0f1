/** `@ebus/nest`: an event bus in a NestJS application. */
export { type BusSource, EVENT_BUS, InjectEventBus } from './bus-provider.js';
export { EbusModule, type EbusModuleAsyncOptions, type EbusModuleOptions } from './ebus-module.js';
export { EbusHealthIndicator, type EbusHealthResult } from './health-indicator.js';
export { nestLogger } from './nest-logger.js';
export { OnEvent, type OnEventOptions, OnMessage, type OnMessageOptions } from './on-event.js';
