/** The envelope around every domain event: its shape, how one is made, and what makes it valid. */

import { type Clock, systemClock } from '../clock.js';
import { EnvelopeError } from '../errors.js';
import { isCleanAggregateId, reasonAgainst } from './aggregate-id.js';
import { refuseUnknownKeys } from './envelope-keys.js';
import { newEventId } from './event-id.js';

/** A domain event with its metadata, complete and valid. */
export interface Envelope<P = unknown> {
  eventId: string;
  /** Events of one aggregate are handled in order, one at a time. */
  aggregateId: string;
  eventType: string;
  /** A positive integer. */
  eventVersion: number;
  timestamp: Date;
  /** Anything that JSON can carry, except `null`. */
  payload: P;
  traceId?: string;
  correlationId?: string;
  /** An integer. */
  tenantId?: number;
}

/** An envelope in which `eventId` and `timestamp` may be left out. */
export interface EnvelopeInput<P = unknown> {
  /** Default: a new UUIDv7, monotonic within the process. */
  eventId?: string | undefined;
  aggregateId: string;
  eventType: string;
  eventVersion: number;
  /** Default: now. */
  timestamp?: Date | undefined;
  payload: P;
  traceId?: string | undefined;
  correlationId?: string | undefined;
  tenantId?: number | undefined;
}

/**
 * Completes an envelope with the defaults. Does not validate the values: publishing and encoding do.
 * @throws EnvelopeError for a key that envelopes do not have: it would not be sent
 */
export function createEnvelope<P>(input: EnvelopeInput<P>): Envelope<P> {
  return completeEnvelope(input, systemClock);
}

/** As `createEnvelope`, with the defaults of another clock. */
export function completeEnvelope<P>(
  input: EnvelopeInput<P>,
  clock: Pick<Clock, 'now' | 'randomBytes'>,
): Envelope<P> {
  refuseUnknownKeys(input);
  const envelope: Envelope<P> = {
    eventId: input.eventId ?? newEventId(clock),
    aggregateId: input.aggregateId,
    eventType: input.eventType,
    eventVersion: input.eventVersion,
    timestamp: input.timestamp ?? new Date(clock.now()),
    payload: input.payload,
  };
  if (input.traceId !== undefined) envelope.traceId = input.traceId;
  if (input.correlationId !== undefined) envelope.correlationId = input.correlationId;
  if (input.tenantId !== undefined) envelope.tenantId = input.tenantId;
  return envelope;
}

/**
 * Checks every field and stops at the first failure. Whether JSON can carry the payload shows when encoding.
 * @throws EnvelopeError whose `path` is the field's name on the wire
 */
export function validateEnvelope(envelope: unknown): asserts envelope is Envelope {
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope)) {
    throw new EnvelopeError(`an envelope must be an object, got ${describe(envelope)}`);
  }
  const problem = findProblem(envelope as EnvelopeFields);
  if (problem !== undefined) throw new EnvelopeError(problem.message, problem.path);
}

/** An envelope whose fields may hold anything. */
export type EnvelopeFields = { readonly [Field in keyof Envelope]: unknown };

/** One field of an envelope that is not valid. */
export interface EnvelopeProblem {
  /** The field's name on the wire. */
  readonly path: string;
  readonly message: string;
}

/** The first failing check, in the order that the Go services use, then the further checks of this implementation. */
export function findProblem(envelope: EnvelopeFields): EnvelopeProblem | undefined {
  const { aggregateId, eventVersion, payload, timestamp, tenantId } = envelope;
  if (isBlank(envelope.eventId)) return missingText('event_id', envelope.eventId);
  if (isBlank(aggregateId)) return missingText('aggregate_id', aggregateId);
  if (isBlank(envelope.eventType)) return missingText('event_type', envelope.eventType);
  if (!(Number.isSafeInteger(eventVersion) && (eventVersion as number) > 0))
    return versionProblem(eventVersion);
  if (payload === undefined || payload === null) return { path: 'payload', message: 'payload is required' };
  if (!isCleanAggregateId(aggregateId)) {
    const reason = reasonAgainst(aggregateId);
    if (reason !== undefined) return { path: 'aggregate_id', message: `invalid aggregate_id: ${reason}` };
  }
  if (!(timestamp instanceof Date) || Number.isNaN(timestamp.getTime())) return timestampProblem(timestamp);
  if (isNoText(envelope.traceId)) return wrongType('trace_id', 'a string', envelope.traceId);
  if (isNoText(envelope.correlationId))
    return wrongType('correlation_id', 'a string', envelope.correlationId);
  if (tenantId !== undefined && !Number.isSafeInteger(tenantId)) {
    return wrongType('tenant_id', 'an integer', tenantId);
  }
  return undefined;
}

function isBlank(value: unknown): value is Exclude<unknown, string> {
  if (typeof value !== 'string') return true;
  const first = value.charCodeAt(0);
  return !(first > 0x20 && first < 0x7f) && value.trim() === '';
}

function isNoText(value: unknown): boolean {
  return value !== undefined && typeof value !== 'string';
}

function missingText(path: string, value: unknown): EnvelopeProblem {
  const isMissing = value === undefined || value === null || typeof value === 'string';
  return isMissing ? { path, message: `${path} is required` } : wrongType(path, 'a string', value);
}

/** The Go services say the first words of it. */
function versionProblem(value: unknown): EnvelopeProblem {
  const hint =
    value === undefined || value === null ? ', and is missing: give 1 for the first version of a type' : '';
  return { path: 'event_version', message: `event_version must be positive${hint}` };
}

function timestampProblem(value: unknown): EnvelopeProblem {
  const isMissing = value === undefined || value === null;
  return isMissing
    ? { path: 'timestamp', message: 'timestamp is required' }
    : wrongType('timestamp', 'a valid Date', value);
}

function wrongType(path: string, expected: string, value: unknown): EnvelopeProblem {
  return { path, message: `${path} must be ${expected}, got ${describe(value)}` };
}

function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'an invalid Date';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
