/** Envelopes to bytes and back: JSON with the keys and their order that the Go services share. */
import { EnvelopeError } from '../errors.js';
import { type Envelope, findProblem, validateEnvelope } from './envelope.js';
import { type JsonRefusal, jsonText } from './json-text.js';
import { formatTimestamp, parseTimestamp } from './rfc3339.js';

/** How envelopes are written to and read from the wire. `jsonCodec` is the default. */
export interface EnvelopeCodec {
  /** @throws EnvelopeError where the envelope is invalid or cannot be written */
  encode(envelope: Envelope): Uint8Array;
  /** @throws EnvelopeError where the bytes are no valid envelope; a permanent failure */
  decode(data: Uint8Array): Envelope;
}

/**
 * Validates the envelope and writes it as JSON. Trace, correlation and tenant id are left out when unset; an empty
 * trace or correlation id counts as unset.
 * @throws EnvelopeError as `validateEnvelope` does, and where JSON cannot carry the payload
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  validateEnvelope(envelope);
  // One concatenation of texts that mostly need no escaping; an object for `JSON.stringify` takes longer, most of all
  // with a `Date` in it.
  return Buffer.from(
    `{"event_id":"${escaped(envelope.eventId)}","aggregate_id":"${escaped(envelope.aggregateId)}` +
      `","event_type":"${escaped(envelope.eventType)}","event_version":${envelope.eventVersion}` +
      `,"timestamp":"${timestampText(envelope.timestamp)}"${optionalFields(envelope)}` +
      `,"payload":${payloadText(envelope.payload)}}`,
  );
}

function optionalFields({ traceId, correlationId, tenantId }: Envelope): string {
  let json = '';
  if (isSet(traceId)) json += `,"trace_id":"${escaped(traceId)}"`;
  if (isSet(correlationId)) json += `,"correlation_id":"${escaped(correlationId)}"`;
  if (isSet(tenantId)) json += `,"tenant_id":${tenantId}`;
  return json;
}

/**
 * Reads and validates an envelope. Unknown keys are ignored; `null` counts as missing. The payload's type is the
 * caller's claim; give the subscription a schema to have it checked.
 * @throws EnvelopeError `failed to unmarshal envelope: …` for what is no JSON object, `invalid envelope: …` for one
 * that breaks a rule of `validateEnvelope`
 */
export function decodeEnvelope<P = unknown>(data: Uint8Array): Envelope<P> {
  const raw = parseObject(data);
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
  if (problem === undefined) return envelope as Envelope<P>;
  const isUnreadableTime = problem.path === 'timestamp' && typeof raw.timestamp === 'string';
  const message = isUnreadableTime
    ? `timestamp must be an RFC 3339 date-time, got ${JSON.stringify(raw.timestamp)}`
    : problem.message;
  throw new EnvelopeError(`invalid envelope: ${message}`, problem.path);
}

/** The default codec: JSON as in `encodeEnvelope` and `decodeEnvelope`. */
export const jsonCodec: EnvelopeCodec = { encode: encodeEnvelope, decode: decodeEnvelope };

type RawEnvelope = Record<
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

const decoder = new TextDecoder('utf-8', { fatal: true });

function parseObject(data: Uint8Array): RawEnvelope {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(data));
  } catch (cause) {
    throw new EnvelopeError(`failed to unmarshal envelope: ${firstLine(cause)}`, undefined, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RawEnvelope;
  const got = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
  throw new EnvelopeError(`failed to unmarshal envelope: expected a JSON object, got ${got}`);
}

/** A `Date`, invalid where the text is no RFC 3339 date-time; what is no text is passed on for validation to name. */
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

function payloadText(payload: unknown): string {
  let text: string;
  try {
    text = jsonText(payload, 'payload');
  } catch (cause) {
    const { message, path } = cause as JsonRefusal;
    throw new EnvelopeError(message, path, { cause });
  }
  if (text === 'null') throw new EnvelopeError('payload is null: its toJSON returned nothing', 'payload');
  return text;
}

/** V8 draws a cycle over several lines. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] as string;
}
