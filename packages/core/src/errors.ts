/** Every error ebus throws: one base class, a closed list of codes, a sentence that says what to do. */
import { reasonOf } from './util/reason.js';
import { shown } from './util/shown.js';

export { lookable, reasonOf } from './util/reason.js';

/** Longer texts in messages about what strangers wrote are cut. */
const MAX_TEXT = 1_000;
const MAX_NAME = 255;

/** The closed list of `EbusError.code` values. */
export const ERROR_CODES = [
  'ABORTED',
  'ALREADY_SUBSCRIBED',
  'BUS_CLOSED',
  'CONFIG_INVALID',
  'CONNECTION_FAILED',
  'ENVELOPE_INVALID',
  'HANDLER_FAILED',
  'IDLE_TIMEOUT',
  'INTERNAL',
  'INVALID_ARGUMENT',
  'LIMIT',
  'MESSAGE_TOO_LARGE',
  'PARKED',
  'PERMANENT',
  'PLUGIN',
  'POOL_FULL',
  'PROCESSING_TIMEOUT',
  'PUBLISH_FAILED',
  'PUBLISH_TIMEOUT',
  'RESULTS_BACKPRESSURE',
  'SUBSCRIBE_FAILED',
  'TOPIC_APPLY_FAILED',
  'TOPIC_MISMATCH',
  'TOPIC_NAME_INVALID',
  'TOPIC_NOT_FOUND',
  'UNAUTHORIZED',
  'UNSUPPORTED',
] as const;

/** Every code that an `EbusError` can have. Codes are stable; texts are not. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Code, cause, and whether the same call may succeed later. */
export interface EbusErrorOptions {
  code?: ErrorCode;
  /** Whether the same call may succeed later without a change by the caller. */
  retryable?: boolean;
  cause?: unknown;
}

/** Registered globally, so that errors of two installed copies of ebus recognise each other. */
const KINDS = Symbol.for('ebus.error.kinds');

type ErrorClass = abstract new (...args: never[]) => EbusError;

/**
 * Base of every error thrown by ebus and its adapters.
 *
 * Prefer `EbusError.isInstance(error)` (or the same on a subclass) to `instanceof`: it also recognises
 * errors of another installed copy of the package. Messages name the topic, the adapter and what to do;
 * the client's own error is kept as `cause`.
 */
export class EbusError extends Error {
  /** The name of the class as text: bundlers rename classes, and this is left as it is. */
  static readonly kind: string = 'EbusError';

  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(message: string, options: EbusErrorOptions & { code: ErrorCode }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.kind;
    this.code = options?.code ?? 'INTERNAL';
    this.retryable = options?.retryable ?? false;
    Object.defineProperty(this, KINDS, { value: kindsOf(new.target) });
  }

  /** True for errors of this class (or a subclass), whichever installed copy of ebus made them. */
  static isInstance<T extends ErrorClass>(this: T, error: unknown): error is InstanceType<T> {
    // A subclass that an application made has no name of its own that other copies could know.
    if (!Object.hasOwn(this, 'kind')) return error instanceof this;
    if (typeof error !== 'object' || error === null) return false;
    try {
      const kinds: unknown = (error as Record<symbol, unknown>)[KINDS];
      return Array.isArray(kinds) && kinds.includes((this as unknown as typeof EbusError).kind);
    } catch {
      // A proxy that throws.
      return false;
    }
  }

  /**
   * Turns anything that was thrown into an `EbusError`. An `EbusError` of any copy of ebus is returned as
   * it is. Other values are given to `wrap` with its reason in words; make it the `cause` there. Without `wrap` the
   * error has code `INTERNAL`, and `ABORTED` where an `AbortSignal` made it.
   */
  static from(
    error: unknown,
    wrap: (reason: string) => EbusError = (reason) => foreign(error, reason),
  ): EbusError {
    return EbusError.isInstance(error) ? error : wrap(reasonOf(error));
  }
}

/** The literal names of a class and its parents, without those of subclasses that have none of their own. */
function kindsOf(type: typeof EbusError): string[] {
  const kinds: string[] = [];
  for (let at = type; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, 'kind')) kinds.push(at.kind);
  }
  return kinds;
}

function foreign(cause: unknown, reason: string): EbusError {
  const isAbort = cause instanceof Error && cause.name === 'AbortError';
  const error = new EbusError(reason, { code: isAbort ? 'ABORTED' : 'INTERNAL', cause });
  if (isAbort) error.name = 'AbortError';
  return error;
}

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Dotted path of the key, `kafka.consumer.groupId`. */
  path: string;
  /** The problem and the allowed values; never the value of a secret. */
  message: string;
}

/** The configuration cannot be used; `problems` lists all of them. */
export class ConfigError extends EbusError {
  static override readonly kind: string = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  constructor(message: string, options: EbusErrorOptions & { problems?: readonly ConfigProblem[] } = {}) {
    super(message, { code: 'CONFIG_INVALID', ...options });
    this.problems = options.problems ?? [];
  }
}

/** A topic name that is not allowed, by ebus or by the broker behind it. */
export class TopicNameError extends EbusError {
  static override readonly kind: string = 'TopicNameError';

  constructor(topic: string, reason: string) {
    // What is far too long is cut; everything else is the caller's own, and shown as it is.
    const name = typeof topic === 'string' && topic.length > MAX_TEXT ? shown(topic, MAX_NAME) : topic;
    super(`invalid topic name '${name}': ${reason}`, {
      code: 'TOPIC_NAME_INVALID',
    });
  }
}

/** One setting in which a topic on the broker differs from the configuration. */
export interface TopicMismatch {
  topic: string;
  field: string;
  expected: unknown;
  actual: unknown;
  recommendation: string;
}

/** The broker's topic is not as configured, and the configuration asked to fail then. */
export class TopicMismatchError extends EbusError {
  static override readonly kind: string = 'TopicMismatchError';
  readonly mismatches: readonly TopicMismatch[];
  constructor(mismatches: readonly TopicMismatch[]) {
    const lines = mismatches.map(
      (m) =>
        `${m.topic}.${m.field}: expected ${String(m.expected)}, got ${String(m.actual)} (${m.recommendation})`,
    );
    super(`topic config validation failed: found ${mismatches.length} mismatches: ${lines.join('; ')}`, {
      code: 'TOPIC_MISMATCH',
    });
    this.mismatches = mismatches;
  }
}

/** An envelope that may not be published, or bytes that are no valid envelope. `path` names the field. */
export class EnvelopeError extends EbusError {
  static override readonly kind: string = 'EnvelopeError';
  readonly path: string | undefined;
  constructor(message: string, path?: string, options: EbusErrorOptions = {}) {
    // Most of it is about what strangers wrote.
    super(shown(message, MAX_TEXT), { code: 'ENVELOPE_INVALID', ...options });
    this.path = path;
  }
}

/** The broker cannot be reached, or refused the login. */
export class ConnectionError extends EbusError {
  static override readonly kind: string = 'ConnectionError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'CONNECTION_FAILED', retryable: true, ...options });
  }
}

/** A message was not accepted by the broker. */
export class PublishError extends EbusError {
  static override readonly kind: string = 'PublishError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'PUBLISH_FAILED', ...options });
  }
}

/** A publish was not acknowledged in time. Retryable; the message may still arrive unless it says `not sent`. */
export class PublishTimeoutError extends PublishError {
  static override readonly kind: string = 'PublishTimeoutError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'PUBLISH_TIMEOUT', retryable: true, ...options });
  }
}

/** A second subscription of one bus to the same topic and group. */
export class AlreadySubscribedError extends EbusError {
  static override readonly kind: string = 'AlreadySubscribedError';

  constructor(topic: string, group: string | undefined) {
    super(
      `already subscribed to topic: ${topic}${group === undefined ? '' : ` (group '${group}')`}; ` +
        'use another group, or handle several event types in one subscription with routeByEventType',
      { code: 'ALREADY_SUBSCRIBED' },
    );
  }
}

/** The transport lacks a demanded feature; its capabilities say so up front. */
export class UnsupportedError extends EbusError {
  static override readonly kind: string = 'UnsupportedError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'UNSUPPORTED', ...options });
  }
}

/** Throw it in a handler to say that trying this message again is pointless. */
export class PermanentError extends EbusError {
  static override readonly kind: string = 'PermanentError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'PERMANENT', ...options, retryable: false });
  }
}

/** A handler did not return within its processing timeout; its signal was aborted. */
export class ProcessingTimeoutError extends EbusError {
  static override readonly kind: string = 'ProcessingTimeoutError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'PROCESSING_TIMEOUT', retryable: true, ...options });
  }
}

/** A keyed pool had no room for a task within its wait timeout. */
export class KeyedPoolFullError extends EbusError {
  static override readonly kind: string = 'KeyedPoolFullError';

  constructor(message = 'keyed worker queue full') {
    super(message, { code: 'POOL_FULL', retryable: true });
  }
}

/** The bus is closed, or closing and past the point where this call is still allowed. */
export class BusClosedError extends EbusError {
  static override readonly kind: string = 'BusClosedError';

  constructor(message = 'the event bus is closed; create a new one') {
    super(message, { code: 'BUS_CLOSED' });
  }
}

/** A plug-in is missing, registered twice, or broke its contract. */
export class PluginError extends EbusError {
  static override readonly kind: string = 'PluginError';

  constructor(message: string, options: EbusErrorOptions = {}) {
    super(message, { code: 'PLUGIN', ...options });
  }
}

/** The error for an aborted signal: code `ABORTED`, name `AbortError`, the signal's reason as `cause`. */
export function abortError(signal: AbortSignal, what: string): EbusError {
  const error = new EbusError(`${what} was aborted`, { code: 'ABORTED', cause: signal.reason });
  error.name = 'AbortError';
  return error;
}
