/** From the client's errors to ebus'. The original stays as `cause`; messages never hold a login. */
import {
  ConnectionError,
  EbusError,
  type ErrorClass,
  type ErrorCode,
  PublishError,
  reasonOf,
  UnsupportedError,
} from '@ebus/core/driver';
import { JetStreamApiError } from '@nats-io/jetstream';

/** Error codes of the JetStream API, from the server's `errors.json`. */
export const API = {
  accountResources: 10002,
  consumerDoesNotExist: 10149,
  consumerNotFound: 10014,
  consumerExists: 10013,
  durableExists: 10148,
  headerTooLarge: 10097,
  jetStreamDisabledForAccount: 10039,
  jetStreamDisabled: 10076,
  maximumPayload: 10054,
  memberChangeInProgress: 10202,
  nameInUse: 10058,
  noMessage: 10037,
  noSuitablePeers: 10005,
  notInClusters: 10036,
  replicasNotSupported: 10074,
  sealed: 10109,
  streamInvalidConfig: 10052,
  streamMoveInProgress: 10124,
  streamNotFound: 10059,
  streamReconfigureInProgress: 10226,
  subjectsOverlap: 10065,
} as const;

/** A limit of the account, server or cluster is reached: room in memory or on disk, streams, consumers, servers that are there. */
const LIMITS: ReadonlySet<number> = new Set([
  ...[API.accountResources, API.noSuitablePeers, 10023, 10026, 10027, 10028, 10047, 10122],
]);
/** Refused with a status of bad requests, though the same request may succeed later: another change is under way. */
const PASSING: ReadonlySet<number> = new Set([
  ...[API.consumerDoesNotExist, API.memberChangeInProgress],
  ...[API.streamMoveInProgress, API.streamReconfigureInProgress],
]);
/** Refused with a status of failing servers, though the same request is refused again: settings, and servers without a cluster. */
const FINAL: ReadonlySet<number> = new Set([
  ...[API.notInClusters, API.replicasNotSupported, API.streamInvalidConfig],
]);
/** The server has not as many peers as were asked for. */
export const REPLICAS: ReadonlySet<number> = new Set([API.noSuitablePeers, API.replicasNotSupported]);

/** The `err_code` of a JetStream API error. */
export function apiCode(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof JetStreamApiError) return at.code;
  return undefined;
}

/** True where the server says that the consumer or its stream does not exist. */
export function isMissing(error: unknown): boolean {
  const code = apiCode(error);
  return code === API.consumerNotFound || code === API.consumerDoesNotExist || code === API.streamNotFound;
}

/** No answer: no server with JetStream, no stream for the subject, or none of them just now. */
export function isNoResponders(error: unknown): boolean {
  return named(error, /^NoResponders$/);
}

/** True for refused logins, expired logins and missing permissions, anywhere in the chain of causes. */
export function isUnauthorized(error: unknown): boolean {
  return named(error, /^(AuthorizationError|UserAuthenticationExpiredError|PermissionViolationError)$/);
}

function named(error: unknown, name: RegExp): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (name.test(at.name)) return true;
  return false;
}

/** Whether the same request may succeed later. The codes of the API are HTTP's, with exceptions both ways. */
export function passes(code: number, status: number): boolean {
  if (FINAL.has(code)) return false;
  return status >= 500 || status === 409 || status === 429 || LIMITS.has(code) || PASSING.has(code);
}

/** Unknown errors are retryable: giving up may be silent, and a wrong retry ends at the caller's timeout. */
export function classify(error: unknown): ErrorClass {
  if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
  const api = apiCode(error);
  if (api !== undefined) return classifyApi(api, statusOf(error));
  // Missing permission, wrong or expired login.
  if (isUnauthorized(error)) return { code: 'UNAUTHORIZED', retryable: false };
  const { name = '', message = '' } = (error ?? {}) as { name?: string; message?: string };
  // The client sends nothing larger than the server's max_payload.
  if (name === 'InvalidArgumentError' && message.includes('max_payload')) {
    return { code: 'MESSAGE_TOO_LARGE', retryable: false };
  }
  // A mistake in a call, which is the same again.
  if (/^(InvalidArgument|InvalidSubject|InvalidOperation|Type|Range)Error$/.test(name)) {
    return { code: 'INTERNAL', retryable: false };
  }
  // No answer in time, nobody there just now, a connection that broke, or an error that is not known yet.
  return { code: 'CONNECTION_FAILED', retryable: true };
}

function statusOf(error: unknown): number {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof JetStreamApiError) return at.status;
  return 0;
}

function classifyApi(code: number, status: number): ErrorClass {
  if (code === API.streamNotFound || code === API.consumerNotFound) {
    return { code: 'TOPIC_NOT_FOUND', retryable: false };
  }
  if (code === API.jetStreamDisabledForAccount) return { code: 'UNSUPPORTED', retryable: false };
  return { code: codeOf(code), retryable: passes(code, status) };
}

function codeOf(code: number): ErrorCode {
  if (code === API.maximumPayload || code === API.headerTooLarge) return 'MESSAGE_TOO_LARGE';
  return LIMITS.has(code) ? 'LIMIT' : 'PUBLISH_FAILED';
}

/** The API's answer for a message that it does not store. */
export interface PublishRefusal {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** The error of a publish that JetStream refused. Whether it may be retried follows from the API's code. */
export function refusedMessage(topic: string, error: PublishRefusal | undefined): EbusError {
  const {
    code: status = 500,
    err_code: code = 0,
    description = 'an answer without a sequence',
  } = error ?? {};
  const what = codeOf(code);
  const todo =
    what === 'MESSAGE_TOO_LARGE'
      ? '; send a reference to the data instead, or raise max_msg_size of its stream'
      : code === API.sealed
        ? '; its stream is sealed, and takes no message any more'
        : '';
  return new PublishError(`JetStream refused the message to '${topic}': ${description} (${code})${todo}`, {
    code: what,
    retryable: passes(code, status),
    cause: error,
  });
}

/** `hadOne`: a login that was good once may be good again. */
export function cannotConnect(urls: readonly string[], error: unknown, hadOne = false): EbusError {
  return EbusError.from(error, (reason) => {
    const where = urls.join(', ');
    if (isUnauthorized(error)) {
      return new ConnectionError(`the NATS server at ${where} refused the login; check nats.security`, {
        code: 'UNAUTHORIZED',
        retryable: hadOne,
        cause: error,
      });
    }
    const text = `cannot connect to NATS at ${where}: ${reason}`;
    return new ConnectionError(`${text}; check nats.urls and that the server runs`, { cause: error });
  });
}

/** An error of JetStream's API as its caller is told it. `doing`: as `looking for the stream of 'shop.orders'`. */
export function explained(
  doing: string,
  error: unknown,
  urls: readonly string[],
  hasAnswered: boolean,
): unknown {
  if (EbusError.isInstance(error)) return error;
  const code = apiCode(error);
  if (code === API.jetStreamDisabledForAccount) return jetStreamDisabled(urls, error);
  if (isNoResponders(error) || code === API.jetStreamDisabled) {
    if (!hasAnswered) return jetStreamDisabled(urls, error);
    return new ConnectionError(`JetStream does not answer at ${urls.join(', ')} just now (${doing})`, {
      cause: error,
    });
  }
  if (code !== undefined) {
    const { code: what, retryable } = classifyApi(code, statusOf(error));
    const said = what === 'PUBLISH_FAILED' ? 'SUBSCRIBE_FAILED' : what;
    return new EbusError(`${doing} over nats failed: ${reasonOf(error)} (${code})`, {
      code: said,
      retryable,
      cause: error,
    });
  }
  if (isUnauthorized(error)) {
    const text = `the login is not allowed to do this: ${doing} (${reasonOf(error)})`;
    return new EbusError(text, { code: 'UNAUTHORIZED', cause: error });
  }
  return new ConnectionError(`${doing} over nats failed: ${reasonOf(error)}`, { cause: error });
}

function jetStreamDisabled(urls: readonly string[], cause: unknown): UnsupportedError {
  return new UnsupportedError(
    `JetStream does not answer at ${urls.join(', ')}, and persistent topics need it: start the server with ` +
      "JetStream ('nats-server -js'), check the account and nats.jetstream.domain, or set " +
      'nats.jetstream.enabled: false to use ephemeral topics only',
    { cause },
  );
}

/** Not retryable. `limit` is the server's `max_payload` in bytes. */
export function tooLarge(topic: string, limit: number | undefined, cause: unknown): PublishError {
  return new PublishError(
    `the message to '${topic}' with its headers is larger than the server's max_payload ` +
      `(${limit ?? 'unknown'} bytes); send a reference to the data instead, or raise max_payload`,
    { code: 'MESSAGE_TOO_LARGE', cause },
  );
}
