/** Persistent and ephemeral messages of a topic go separate ways: each has a log or stream of its own. */
import type { Persistence } from '@ebus/core/driver';

const EPHEMERAL = '~';

/** The name of the log or stream. */
export function wayOf(topic: string, persistence: Persistence): string {
  return persistence === 'ephemeral' ? topic + EPHEMERAL : topic;
}

/** The topic of a way. */
export function topicOf(way: string): string {
  return isEphemeral(way) ? way.slice(0, -EPHEMERAL.length) : way;
}

/** The persistence of a way. */
export function persistenceOf(way: string): Persistence {
  return isEphemeral(way) ? 'ephemeral' : 'persistent';
}

/** Both ways of a topic: the persistent one, then the ephemeral one. */
export function waysOf(topic: string): readonly string[] {
  return [topic, topic + EPHEMERAL];
}

const isEphemeral = (way: string) => way.endsWith(EPHEMERAL);
