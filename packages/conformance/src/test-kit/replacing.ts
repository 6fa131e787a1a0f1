/** An object with some of its members replaced, whatever class it is of; a plug-in whose drivers are. */
import type { Driver, TransportPlugin } from '@ebus/core/driver';

/** The other members keep working on the object itself, private fields included. */
export function replacing<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The same plug-in with something before each of its drivers. */
export function replacingDriver(
  // biome-ignore lint/suspicious/noExplicitAny: passes any adapter's configuration and client through
  plugin: TransportPlugin<string, any, any>,
  wrap: (driver: Driver) => Driver,
  // biome-ignore lint/suspicious/noExplicitAny: as above
): TransportPlugin<string, any, any> {
  return { ...plugin, create: async (config, context) => wrap(await plugin.create(config, context)) };
}
