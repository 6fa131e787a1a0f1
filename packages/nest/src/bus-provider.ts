/** The bus as a provider of NestJS. */
import { type CreateEventBusOptions, createEventBus, type EventBus, type EventBusConfig } from '@ebus/core';
import { Inject } from '@nestjs/common';
import { nestLogger } from './nest-logger.js';

/** The token of the bus: `{ inject: [EVENT_BUS] }`. The same in two installed copies of this package. */
export const EVENT_BUS: unique symbol = Symbol.for('ebus.nest.event-bus') as never;

/** Injects the bus: `constructor(@InjectEventBus() private readonly bus: EventBus) {}`. */
export const InjectEventBus = (): PropertyDecorator & ParameterDecorator => Inject(EVENT_BUS);

/** The configuration of a bus to create, or a bus that is there: one that the module closes as well. */
export type BusSource =
  | (CreateEventBusOptions & { readonly config: EventBusConfig; readonly bus?: never })
  | { readonly bus: EventBus; readonly config?: never };

/** Creates the bus; its lines go to NestJS' logger unless `logger` says otherwise. */
export function busOf(source: BusSource): Promise<EventBus> | EventBus {
  if (source.bus !== undefined) return source.bus;
  const { config, ...options } = source;
  return createEventBus(config, { logger: nestLogger(), ...options });
}
