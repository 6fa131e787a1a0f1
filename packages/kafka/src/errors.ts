/** From the clients' errors to ebus'. The original stays as `cause`; messages never hold a login. */
import { ConfigError, ConnectionError, EbusError, type ErrorClass, reasonOf } from '@ebus/core/driver';

/** Codes of librdkafka (negative: its own) and of the protocol, from `rdkafka.h`. */
export const CODE = {
  assignPartitions: -175,
  revokePartitions: -174,
  queueFull: -184,
  fatal: -150,
  allBrokersDown: -187,
  /** The position lies outside of the log, which was cut, made anew, or has moved past it. */
  outsideLog: -140,
  unknownTopic: -188,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  topicAlreadyExists: 36,
  topicUnauthorized: 29,
  groupUnauthorized: 30,
  invalidRecord: 87,
  metadataTooLong: 12,
} as const;

const CLASSES = new Map<number, ErrorClass>();

function define(known: ErrorClass, ...numbers: number[]): void {
  for (const number of numbers) CLASSES.set(number, known);
}

// Nobody answered in time: the local queue's, the request's.
define({ code: 'PUBLISH_TIMEOUT', retryable: true }, -192, -185, 7);
const AWAY: ErrorClass = { code: 'CONNECTION_FAILED', retryable: true };
// No broker to be reached: transport, resolve, all down, TLS, network.
define(AWAY, -195, -193, CODE.allBrokersDown, -181, 8, 13);
// A client that was replaced, or went fatal: purged in queue or in flight, destroyed, outdated, fatal, wrong state.
define(AWAY, -152, -151, -197, -167, -150, -172, 45, 47, 59, 90);
// None is in charge of the partition: no leader, another one.
define(AWAY, 5, 6, 9);
define({ code: 'TOPIC_NOT_FOUND', retryable: false }, 3, -188, -190);
// No coordinator yet, or another one; member or generation outdated, rebalancing: the group goes on by itself.
define(AWAY, 14, 15, 16, -180, -166, 22, 25, 27, 75, 74, 76);
// Another record of the batch was refused, and this one with it.
define({ code: 'PUBLISH_FAILED', retryable: true }, -138);
define({ code: 'PUBLISH_FAILED', retryable: false }, CODE.invalidRecord);
define({ code: 'MESSAGE_TOO_LARGE', retryable: false }, 10, 18);
define({ code: 'TOPIC_NAME_INVALID', retryable: false }, 17);
// Topic, group, cluster, login, transactional id.
define(
  { code: 'UNAUTHORIZED', retryable: false },
  CODE.topicUnauthorized,
  CODE.groupUnauthorized,
  31,
  -169,
  58,
  53,
);
// Too few replicas in sync, before and after appending; the client's queue is full; throttled; being rebalanced.
define({ code: 'PUBLISH_FAILED', retryable: true }, 19, 20, -184, 89);

/** The subject of an error that a consumer meets while it polls. It decides who is told. */
export function aboutOf(error: unknown): 'group' | 'topic' | 'log' | 'client' {
  const code = codeOf(error) ?? 0;
  // No offset, log truncated: positions are to be compared with the log.
  if (code === CODE.outsideLog || code === -139 || code === 1) return 'log';
  if (code === 3 || code === -188 || code === 29 || code === 17) return 'topic';
  // Another protocol, session timeout out of range, group full, group id, login, fenced.
  return [23, 24, 26, 81, 30, 82].includes(code) ? 'group' : 'client';
}

/** A client's report that it has no connection left. */
export const isAlone = (error: unknown): boolean =>
  codeOf(error) === CODE.allBrokersDown || /all broker connections are down/i.test(reasonOf(error));

/** A member that the group does not admit. */
export function refusedByGroup(group: string, cause: unknown): EbusError {
  const text = `Kafka does not admit this member to group '${group}': ${reasonOf(cause)}`;
  const hint = REFUSALS.get(codeOf(cause) ?? 0);
  const { code } = classify(cause);
  return new EbusError(hint === undefined ? text : `${text}; ${hint}`, {
    code: code === 'UNAUTHORIZED' ? code : 'SUBSCRIBE_FAILED',
    retryable: false,
    cause,
  });
}

const REFUSALS = new Map([
  [23, 'its members use another protocol: they have to leave first, or use a group of its own'],
  [
    26,
    'kafka.consumer.sessionTimeout is outside of what the broker allows (group.min.session.timeout.ms, group.max.session.timeout.ms)',
  ],
  [81, 'the group is full (group.max.size of the broker)'],
  [30, "check the ACLs of kafka.security's user: a consumer needs READ on its group"],
]);

/** The numeric code of a client's error, from either client. */
export function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** A topic that kafkajs looks at has a partition without leader; after its own tries the reason is the cause. */
export function isWithoutLeader(error: unknown): boolean {
  const { cause = error } = (error ?? {}) as { cause?: unknown };
  return codeOf(cause) === CODE.leaderNotAvailable;
}

interface ClientError {
  readonly name?: string;
  readonly type?: string;
  /** kafkajs' word, and the native client's. */
  readonly retriable?: boolean;
  readonly isRetriable?: boolean;
}

/**
 * Codes of a producer that has ended for good: it says so, it purges its records, or its sequence or epoch is not the
 * broker's any more.
 */
const FATAL: ReadonlySet<number> = new Set([CODE.fatal, -151, -152, 45, 47, 59, 90]);

/** True where the producer can send nothing more and must be replaced. */
export function isFatal(error: unknown): boolean {
  return FATAL.has(codeOf(error) ?? 0) || (error as { isFatal?: boolean } | null)?.isFatal === true;
}

/** The client's own words of a log line. */
export const saidBy = (line: string) => new Error(line.replace(/^(\[thrd:[^\]]*\]: )/, ''));

/** ebus' code and retryability of any error. Unknown errors are retryable only if the client says so. */
export function classify(error: unknown): ErrorClass {
  if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
  const known = CLASSES.get(codeOf(error) ?? Number.NaN);
  if (known !== undefined) return known;
  const { name, type, retriable, isRetriable } = (error ?? {}) as ClientError;
  // kafkajs, which administers topics, gives names to the protocol's codes.
  // What a producer says in words only, as it has no code for it.
  const words = codeOf(error) === -1 ? reasonOf(error) : '';
  if (/SASL|AUTHORIZATION_FAILED/.test(`${name} ${type}`) || /authorization failed/i.test(words))
    return { code: 'UNAUTHORIZED', retryable: false };
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return { code: 'TOPIC_NOT_FOUND', retryable: false };
  if (/Connection|Broker|Timeout|NumberOfRetries/.test(name ?? ''))
    return { code: 'CONNECTION_FAILED', retryable: true };
  return { code: 'PUBLISH_FAILED', retryable: retriable === true || isRetriable === true };
}

/** For a topic that is not there, or that the login may not see. */
export function missingText(topic: string): string {
  return (
    `topic '${topic}' does not exist on Kafka, or may not be seen: configure it under topics or with ` +
    'bus.topics.configure, create it on the broker, or check the ACLs'
  );
}

/** Of `kafka.librdkafka`, or of the files for TLS. */
export function refusedSettings(cause: unknown): EbusError {
  return EbusError.from(cause, (reason) => {
    const message = `the client refused its settings: ${reason}; check kafka.librdkafka and kafka.security`;
    return new ConfigError(message, { problems: [{ path: 'kafka.librdkafka', message: reason }], cause });
  });
}

/** Not retryable: topics are made by configuration, not by waiting. */
export function missingTopic(topic: string, cause?: unknown): EbusError {
  return new EbusError(missingText(topic), { code: 'TOPIC_NOT_FOUND', retryable: false, cause });
}

/** In the client's form, as fetching would tell it. */
export function mayNotRead(topic: string): Error {
  const text = `the login has no permission to read '${topic}'`;
  return Object.assign(new Error(text), { code: CODE.topicUnauthorized });
}

/** The error of a subscription that could not be made; its cause decides about retrying. */
export function cannotSubscribe(topic: string, group: string, cause: unknown): EbusError {
  return EbusError.from(cause, (reason) => {
    const { code, retryable } = classify(cause);
    if (code === 'TOPIC_NOT_FOUND') return missingTopic(topic, cause);
    const text = `subscribing to '${topic}' as group '${group}' over Kafka failed: ${reason}`;
    return code === 'UNAUTHORIZED'
      ? new EbusError(`${text}; check the ACLs of kafka.security's user`, { code, retryable, cause })
      : new EbusError(text, { code: 'SUBSCRIBE_FAILED', retryable: true, cause });
  });
}

/** The client's report of a refused login, by event only and in words only. */
export function isLoginRefused(error: unknown): boolean {
  return /authentication (failure|failed|error)/i.test(reasonOf(error));
}

/** The error of a failed attempt to connect. A refused login is not retryable. */
export function cannotConnect(brokers: readonly string[], error: unknown): EbusError {
  return EbusError.from(error, (reason) => {
    const where = brokers.join(', ');
    if (isLoginRefused(error)) {
      return new ConnectionError(`the Kafka brokers at ${where} refused the login; check kafka.security`, {
        code: 'UNAUTHORIZED',
        retryable: false,
        cause: error,
      });
    }
    return new ConnectionError(
      `cannot connect to Kafka at ${where}: ${reason}; check kafka.brokers, kafka.security and that the brokers run`,
      { cause: error },
    );
  });
}

/** @param trouble kept it from joining */
export function joinedLate(topic: string, group: string, trouble?: unknown): EbusError {
  const text =
    trouble === undefined
      ? `group '${group}' was assigned nothing of '${topic}' in time`
      : `subscribing to '${topic}' as group '${group}' over Kafka failed: ${reasonOf(trouble)}`;
  return new EbusError(text, { code: 'SUBSCRIBE_FAILED', retryable: true, cause: trouble });
}

/** A question about topics that the broker did not answer in time. `doing`: as `describe topic 'shop.orders'`. */
export function unanswered(doing: string): EbusError {
  return new ConnectionError(`cannot ${doing} on Kafka: no answer in time`);
}

/** The error of administering topics. Only what the broker itself refuses is final. */
export function cannotAdminister(doing: string, error: unknown, wasReplaced: boolean): EbusError {
  return EbusError.from(error, () => {
    if (wasReplaced) {
      return new ConnectionError(`cannot ${doing} on Kafka: the connection was replaced meanwhile`, {
        cause: error,
      });
    }
    const { code, retryable } = classify(error);
    const text = `cannot ${doing} on Kafka: ${reasonsOf(error)}`;
    if (code === 'PUBLISH_FAILED') return new ConfigError(text, { cause: error, retryable });
    return new EbusError(text, { code, retryable, cause: error });
  });
}

/** kafkajs hides the reasons of several topics in one error. */
function reasonsOf(error: unknown): string {
  const { errors } = (error ?? {}) as { errors?: unknown[] };
  return Array.isArray(errors) ? errors.map(reasonOf).join('; ') : reasonOf(error);
}
