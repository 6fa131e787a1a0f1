/** Who a bus is where the configuration does not say: the group of its subscriptions, and its name. */
import type { Driver } from '../driver/driver.js';

/** The name in probes, metrics and at the broker of a bus whose configuration gives none. */
export const NAMELESS = 'ebus';

/**
 * The group of subscriptions that name none: the adapter's configured one, else `serviceName`, else the adapter's
 * `clientId`. Undefined where none of them is given and other services may use the broker, since two services would share
 * their messages then.
 */
export function defaultGroup(driver: Driver, serviceName: string | undefined): string | undefined {
  const given = driver.defaultGroup ?? serviceName ?? driver.clientId;
  return given ?? (driver.isShared ? undefined : NAMELESS);
}

/** `serviceName`, else the adapter's `clientId`. */
export function busName(driver: Driver, serviceName: string | undefined): string {
  return serviceName ?? driver.clientId ?? NAMELESS;
}
