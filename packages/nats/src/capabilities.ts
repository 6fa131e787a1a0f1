/** Capabilities of a NATS server, by its version. */
import type { Capabilities, Persistence } from '@ebus/core/driver';
import type { ServerInfo } from '@nats-io/transport-node';

interface ServerVersion {
  readonly major: number;
  readonly minor: number;
}

/** The version from the server's INFO; undefined before the first connection. Pre-release suffixes do not count. */
export function versionOf(info: ServerInfo | undefined): ServerVersion | undefined {
  const match = /^(\d+)\.(\d+)/.exec(info?.version ?? '');
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

function isAtLeast(version: ServerVersion | undefined, major: number, minor: number): boolean {
  if (version === undefined) return false;
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** From 2.11 a consumer can have a single active client: order holds over all members of a group. */
export function hasSingleActive(version: ServerVersion | undefined): boolean {
  return isAtLeast(version, 2, 11);
}

/** From 2.10 one consumer can have several filters. */
export function hasManyFilters(version: ServerVersion | undefined): boolean {
  return isAtLeast(version, 2, 10);
}

/** Capabilities by kind of topic and server version. Without a known version, the smaller set is declared. */
export function capabilitiesOf(
  persistence: Persistence,
  info: ServerInfo | undefined,
  ackPolicy: 'explicit' | 'all' = 'explicit',
): Capabilities {
  const maxMessageBytes = info?.max_payload;
  const limit = maxMessageBytes === undefined ? {} : { maxMessageBytes };
  if (persistence === 'ephemeral') {
    return {
      settle: 'none',
      ordering: 'instance',
      retriesInClient: false,
      redelivery: false,
      replay: false,
      dedupe: false,
      acknowledged: false,
      lag: false,
      ...limit,
    };
  }
  return {
    settle: ackPolicy === 'all' ? 'prefix' : 'individual',
    ordering: hasSingleActive(versionOf(info)) ? 'cluster' : 'instance',
    retriesInClient: false,
    redelivery: true,
    replay: true,
    dedupe: true,
    acknowledged: true,
    lag: true,
    browse: true,
    inspect: true,
    parking: hasSingleActive(versionOf(info)),
    ...limit,
  };
}
