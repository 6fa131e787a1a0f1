/** The JSON of envelopes on the wire, in both directions; codecs put it together. */
import { EnvelopeError, reasonOf } from '../errors.js';
import { withoutQuote } from '../util/json-error.js';
import { shown } from '../util/shown.js';
import { type BigIntegers, parseJson } from './big-integers.js';
import { type Envelope, findProblem } from './envelope.js';
import { type JsonRefusal, jsonText } from './json-text.js';
import { formatTimestamp, parseTimestamp } from './rfc3339.js';

/** The parsed JSON before its checks. */
export type RawEnvelope = Record<
  | 'event_id'
  | 'aggregate_id'
  | 'event_type'
  | 'event_version'
  | 'timestamp'
  | 'trace_id'
  | 'correlation_id'
  | 'tenant_id'
  | 'payload',
  unknown
>;

/**
 * The bytes of a valid envelope. `tenant` and `payload` are JSON already; no tenant, and empty ids, are left out.
 *
 * One concatenation of texts that mostly need no escaping: an object for `JSON.stringify` takes longer, most of all
 * with a `Date` in it.
 */
export function writeEnvelope(
  envelope: Envelope,
  tenant: string | number | undefined,
  payload: string,
): Uint8Array {
  const { traceId, correlationId } = envelope;
  let optional = '';
  if (isSet(traceId)) optional += `,"trace_id":"${escaped(traceId)}"`;
  if (isSet(correlationId)) optional += `,"correlation_id":"${escaped(correlationId)}"`;
  if (tenant !== undefined) optional += `,"tenant_id":${tenant}`;
  return Buffer.from(
    `{"event_id":"${escaped(envelope.eventId)}","aggregate_id":"${escaped(envelope.aggregateId)}` +
      `","event_type":"${escaped(envelope.eventType)}","event_version":${envelope.eventVersion}` +
      `,"timestamp":"${timestampText(envelope.timestamp)}"${optional},"payload":${payload}}`,
  );
}

/** @throws EnvelopeError with the path of what JSON cannot carry */
export function payloadText(payload: unknown, bigint = false): string {
  let text: string;
  try {
    text = jsonText(payload, 'payload', bigint);
  } catch (refusal) {
    const { message, path, cause } = refusal as JsonRefusal;
    throw new EnvelopeError(message, path, { cause });
  }
  if (text === 'null') throw new EnvelopeError('payload is null: its toJSON returned nothing', 'payload');
  return text;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws EnvelopeError `failed to unmarshal envelope: …` */
export function parseObject(data: Uint8Array, bigint?: BigIntegers): RawEnvelope {
  let value: unknown;
  try {
    const text = decoder.decode(data);
    value = bigint === undefined ? JSON.parse(text) : parseJson(text, bigint);
  } catch (error) {
    const cause = withoutQuote(error);
    throw new EnvelopeError(`failed to unmarshal envelope: ${reasonOf(cause)}`, undefined, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RawEnvelope;
  const got = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
  throw new EnvelopeError(`failed to unmarshal envelope: expected a JSON object, got ${got}`);
}

/** @throws EnvelopeError `invalid envelope: …` */
export function readEnvelope(raw: RawEnvelope): Envelope {
  const envelope: Envelope = {
    eventId: raw.event_id as string,
    aggregateId: raw.aggregate_id as string,
    eventType: raw.event_type as string,
    eventVersion: raw.event_version as number,
    timestamp: readTimestamp(raw.timestamp) as Date,
    payload: raw.payload,
  };
  if (isSet(raw.trace_id)) envelope.traceId = raw.trace_id as string;
  if (isSet(raw.correlation_id)) envelope.correlationId = raw.correlation_id as string;
  if (isSet(raw.tenant_id)) envelope.tenantId = raw.tenant_id as number;
  const problem = findProblem(envelope);
  if (problem === undefined) return envelope;
  const isUnreadableTime = problem.path === 'timestamp' && typeof raw.timestamp === 'string';
  const message = isUnreadableTime
    ? `timestamp must be an RFC 3339 date-time, got ${JSON.stringify(shown(raw.timestamp))}`
    : problem.message;
  throw invalid(message, problem.path);
}

/** An `EnvelopeError` with the prefix that the Go services use. */
export function invalid(problem: string, path: string, cause?: unknown): EnvelopeError {
  return new EnvelopeError(`invalid envelope: ${problem}`, path, { cause });
}

/** A `Date`, invalid where the text is no RFC 3339 date-time; other values are passed on for validation to name. */
function readTimestamp(value: unknown): unknown {
  return typeof value === 'string' ? new Date(parseTimestamp(value)) : value;
}

/** Whether an optional field counts as set, when writing as when reading. */
function isSet<T>(value: T | undefined): value is T {
  return value !== undefined && value !== null && value !== '';
}

/** Anything but printable ASCII without quote and backslash. */
const MAY_NEED_ESCAPE = /[^ !#-[\]-~]/;

/** The inside of a JSON string. Most ids need no escaping, and finding that out costs less than `JSON.stringify`. */
function escaped(text: string): string {
  return MAY_NEED_ESCAPE.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

function timestampText(timestamp: Date): string {
  const text = formatTimestamp(timestamp.getTime());
  if (text !== undefined) return text;
  throw new EnvelopeError('timestamp must be in the years 0000 to 9999', 'timestamp');
}
