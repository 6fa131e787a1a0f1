/** The way from a bus to its client objects, without the bus showing its driver. */
import { PluginError } from '../errors.js';
import type { Driver } from './driver.js';

const drivers = new WeakMap<object, { type: string; driver: Driver }>();

/** Remembers a bus's driver for `nativeOf`, as long as the bus lives. */
export function attachDriver(bus: object, type: string, driver: Driver): void {
  drivers.set(bus, { type, driver });
}

/** @throws PluginError if the bus is of another type, or no bus at all */
export function nativeOf(bus: object, type: string): unknown {
  const attached = drivers.get(bus);
  if (attached?.type === type) return attached.driver.native;
  throw new PluginError(
    attached === undefined
      ? `${type}.native expects an event bus made by createEventBus`
      : `${type}.native was given an event bus of type '${attached.type}'; use the accessor of that transport`,
  );
}
