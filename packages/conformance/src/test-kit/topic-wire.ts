/** The wire between core and an adapter's topic administration: another bus may be quicker. */
import type { Driver, DriverTopicAdmin, TransportPlugin } from '@ebus/core/driver';
import { replacing, replacingDriver } from './replacing.js';

/** Wraps an adapter's plug-in to simulate a race for a topic. */
export class TopicWire {
  #misses = 0;

  /** The next look at a topic does not find it, as one that another process makes right after the look. */
  missOnce(): void {
    this.#misses = 1;
  }

  /** The same plug-in with this wire before its driver. */
  // biome-ignore lint/suspicious/noExplicitAny: passes any adapter's configuration and client through
  wrap(plugin: TransportPlugin<string, any, any>): TransportPlugin<string, any, any> {
    return replacingDriver(plugin, (driver) => this.#wrapDriver(driver));
  }

  #wrapDriver(driver: Driver): Driver {
    const { admin } = driver;
    return admin === undefined ? driver : replacing(driver, { admin: this.#wrapAdmin(admin) });
  }

  #wrapAdmin(admin: DriverTopicAdmin): DriverTopicAdmin {
    return replacing(admin, {
      describe: async (topic, options) => (this.#misses-- > 0 ? undefined : admin.describe(topic, options)),
    });
  }
}
