/** Names of streams and consumers, made from topics and groups so that different ones never meet. Pure. */
import { createHash } from 'node:crypto';

/** Servers keep names as file names. */
const MAX_NAME = 200;

/**
 * The stream of a topic that no configured stream covers: `STREAM_<topic>` with `_` for `.`. A topic whose own
 * letters make that ambiguous gets a suffix, so that `a.b` and `a_b` have streams of their own.
 */
export function streamName(topic: string): string {
  return distinct(`STREAM_${plain(topic)}`, topic, /^[A-Za-z0-9.-]+$/.test(topic));
}

/** The durable consumer of a group on a topic: `<group>-<topic>`. */
export function consumerName(group: string, topic: string): string {
  const clear = /^[A-Za-z0-9_-]+$/.test(group) && /^[A-Za-z0-9.]+$/.test(topic);
  return distinct(`${plain(group)}-${plain(topic)}`, `${group}\0${topic}`, clear);
}

/** The consumer that a group's declared topics share on a stream. */
export function unifiedName(group: string): string {
  return distinct(`${plain(group)}-unified`, group, /^[A-Za-z0-9_-]+$/.test(group));
}

/** The consumer that brings what a topic held when it joined the unified one. */
export function catchUpName(unified: string, topic: string): string {
  return distinct(`${unified}-catchup-${plain(topic)}`, `${unified}\0${topic}`, false);
}

/** Seven letters at most, to tell a few hundred topics apart. */
export function shortHash(topic: string): string {
  return Number.parseInt(createHash('sha256').update(topic).digest('hex').slice(0, 9), 16)
    .toString(36)
    .slice(0, 7);
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_');
}

function distinct(name: string, of: string, clear: boolean): string {
  if (clear && name.length <= MAX_NAME) return name;
  const suffix = createHash('sha256').update(of).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_NAME)}_${suffix}`;
}
