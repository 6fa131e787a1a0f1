/** From the client's errors to ebus'. The original stays as `cause`; messages never hold a login. */
import {
  ConfigError,
  ConnectionError,
  EbusError,
  type ErrorClass,
  PublishError,
  reasonOf,
  UnsupportedError,
} from '@ebus/core/driver';
import { JetStreamApiError } from '@nats-io/jetstream';

/** Error codes of the JetStream API, from the server's `errors.json`. */
export const API = {
  consumerNotFound: 10014,
  consumerExists: 10013,
  durableExists: 10148,
  jetStreamDisabledForAccount: 10039,
  jetStreamDisabled: 10076,
  maximumPayload: 10054,
  nameInUse: 10058,
  noMessage: 10037,
  noSuitablePeers: 10005,
  replicasNotSupported: 10074,
  streamNotFound: 10059,
  subjectsOverlap: 10065,
} as const;

/** The `err_code` of a JetStream API error. */
export function apiCode(error: unknown): number | undefined {
  if (error instanceof JetStreamApiError) return error.code;
  const { cause } = (error ?? {}) as { cause?: unknown };
  return cause instanceof JetStreamApiError ? cause.code : undefined;
}

/** The server has not as many peers as were asked for. */
export const REPLICAS: ReadonlySet<number> = new Set([API.noSuitablePeers, API.replicasNotSupported]);

export function isMissing(error: unknown): boolean {
  const code = apiCode(error);
  return code === API.consumerNotFound || code === API.streamNotFound;
}

/** Nobody answered: no server with JetStream, no stream for the subject, or none of them just now. */
export function isNoResponders(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at.name === 'NoResponders') return true;
  return false;
}

export function isUnauthorized(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (/^(AuthorizationError|UserAuthenticationExpiredError|PermissionViolationError)$/.test(at.name))
      return true;
  }
  return false;
}

export function classify(error: unknown): ErrorClass {
  if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
  // Wrong or expired login, missing permission: trying again cannot help.
  if (isUnauthorized(error)) return { code: 'UNAUTHORIZED', retryable: false };
  const { name, message, code } = error as { name?: string; message?: string; code?: unknown };
  // The client refuses what is larger than the server's max_payload before sending it.
  if (name === 'InvalidArgumentError' && message?.includes('max_payload')) {
    return { code: 'MESSAGE_TOO_LARGE', retryable: false };
  }
  const api = apiCode(error);
  if (api !== undefined) return classifyApi(api, (error as JetStreamApiError).status ?? 0);
  // A server that restarts or elects a leader answers again soon.
  if (isNoResponders(error)) return { code: 'CONNECTION_FAILED', retryable: true };
  if (name === 'TimeoutError') return { code: 'PUBLISH_TIMEOUT', retryable: true };
  // The connection broke, or is being replaced.
  if (/^(Closed|Draining)?Connection(Error)?$|^(Closed|Draining)ConnectionError$/.test(name ?? '')) {
    return { code: 'CONNECTION_FAILED', retryable: true };
  }
  if (/connection (closed|disconnected|refused)/i.test(message ?? '')) {
    return { code: 'CONNECTION_FAILED', retryable: true };
  }
  // Node's own socket errors: ECONNREFUSED, ECONNRESET, ENOTFOUND, …
  if (typeof code === 'string' && /^E[A-Z]+/.test(code))
    return { code: 'CONNECTION_FAILED', retryable: true };
  return { code: 'PUBLISH_FAILED', retryable: false };
}

function classifyApi(code: number, status: number): ErrorClass {
  if (code === API.streamNotFound || code === API.consumerNotFound) {
    return { code: 'TOPIC_NOT_FOUND', retryable: false };
  }
  if (code === API.jetStreamDisabledForAccount || code === API.jetStreamDisabled) {
    return { code: 'UNSUPPORTED', retryable: false };
  }
  if (code === API.maximumPayload) return { code: 'MESSAGE_TOO_LARGE', retryable: false };
  // Overloaded, out of resources, without a leader: the server's own troubles, which pass.
  return { code: 'PUBLISH_FAILED', retryable: status >= 500 };
}

export function cannotConnect(urls: readonly string[], error: unknown): EbusError {
  return EbusError.from(error, (reason) => {
    const where = urls.join(', ');
    if (isUnauthorized(error)) {
      return new ConnectionError(`the NATS server at ${where} refused the login; check nats.security`, {
        code: 'UNAUTHORIZED',
        retryable: false,
        cause: error,
      });
    }
    const text = `cannot connect to NATS at ${where}: ${reason}`;
    return new ConnectionError(`${text}; check nats.urls and that the server runs`, { cause: error });
  });
}

export function jetStreamDisabled(urls: readonly string[], cause: unknown): UnsupportedError {
  return new UnsupportedError(
    `JetStream does not answer at ${urls.join(', ')}, and persistent topics need it: start the server with ` +
      "JetStream ('nats-server -js'), check the account and nats.jetstream.domain, or set " +
      'nats.jetstream.enabled: false to use ephemeral topics only',
    { cause },
  );
}

export function overlap(stream: string, subjects: readonly string[], cause: unknown): ConfigError {
  const message =
    `cannot create stream '${stream}' for ${subjects.map((subject) => `'${subject}'`).join(', ')}: another stream ` +
    'holds some of these subjects. Add the topic to that stream (nats.jetstream.stream), or take its subjects out there';
  return new ConfigError(message, { cause });
}

export function tooManyReplicas(stream: string, replicas: number, cause: unknown): ConfigError {
  const message =
    `stream '${stream}' cannot have ${replicas} replicas: the cluster has fewer servers with JetStream than that ` +
    `(${reasonOf(cause)}). Ask for fewer replicas, or add servers`;
  return new ConfigError(message, { cause, problems: [{ path: `${stream}.replicas`, message }] });
}

export function tooLarge(topic: string, limit: number | undefined, cause: unknown): PublishError {
  return new PublishError(
    `the message to '${topic}' with its headers is larger than the server's max_payload ` +
      `(${limit ?? 'unknown'} bytes); send a reference to the data instead, or raise max_payload`,
    { code: 'MESSAGE_TOO_LARGE', cause },
  );
}
