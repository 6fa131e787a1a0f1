/** Why a stream cannot be made or changed. */
import { ConfigError, reasonOf } from '@ebus/core/driver';

/** The error for a stream whose subjects another stream holds. */
export function overlap(stream: string, subjects: readonly string[], cause: unknown): ConfigError {
  const message =
    `cannot create stream '${stream}' for ${subjects.map((subject) => `'${subject}'`).join(', ')}: another stream ` +
    'holds some of these subjects. Add the topic to that stream (nats.jetstream.stream), or take its subjects out there';
  return new ConfigError(message, { cause });
}

/** The error for more replicas than the cluster can place. */
export function tooManyReplicas(stream: string, replicas: number, cause: unknown): ConfigError {
  const message =
    `stream '${stream}' cannot have ${replicas} replicas: the cluster has fewer servers with JetStream than that ` +
    `(${reasonOf(cause)}). Ask for fewer replicas, or add servers`;
  return new ConfigError(message, { cause, problems: [{ path: `${stream}.replicas`, message }] });
}
