/** Why a stream cannot be made or changed. */
import { ConfigError, EbusError, reasonOf } from '@ebus/core/driver';
import { API, apiCode } from './errors.js';

/** The error for a stream whose subjects another stream holds. */
export function overlap(stream: string, subjects: readonly string[], cause: unknown): ConfigError {
  const message =
    `cannot create stream '${stream}' for ${subjects.map((subject) => `'${subject}'`).join(', ')}: another stream ` +
    'holds some of these subjects. Add the topic to that stream (nats.jetstream.stream), or take its subjects out there';
  return new ConfigError(message, { cause });
}

/** The error for more replicas than the cluster can place. */
export function tooManyReplicas(stream: string, replicas: number, cause: unknown): EbusError {
  const message =
    `stream '${stream}' cannot have ${replicas} replicas: the cluster has fewer servers with JetStream than that ` +
    `(${reasonOf(cause)}). Ask for fewer replicas, or add servers`;
  // Servers that are away just now are missing in the same way: all of them restart, one after the other.
  if (apiCode(cause) === API.noSuitablePeers) {
    return new EbusError(message, { code: 'LIMIT', retryable: true, cause });
  }
  return new ConfigError(message, { cause, problems: [{ path: `${stream}.replicas`, message }] });
}

/** The error for a configured stream that takes no messages of its own. */
export function isMirror(stream: string, of: string): ConfigError {
  return new ConfigError(
    `stream '${stream}' is a mirror of '${of}', and takes no messages of its own: name '${of}' in nats.jetstream.stream, ` +
      "or set topicConfigStrategy to 'skip' to read the mirror only",
  );
}
