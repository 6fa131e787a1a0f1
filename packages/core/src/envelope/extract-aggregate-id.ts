/** Finding the aggregate id of a message that may be no envelope. */
import { EnvelopeError } from '../errors.js';
import { type HeaderList, type HeadersInput, headerText, toHeaderList } from '../headers.js';
import { isCleanAggregateId, isValidAggregateId } from './aggregate-id.js';
import { decodeEnvelope } from './codec.js';

/** In order of preference, spelled as services in the field write them. */
const HEADER_NAMES = ['X-Aggregate-ID', 'x-aggregate-id', 'Aggregate-ID', 'aggregate-id'] as const;

/** The places of a message that may hold an aggregate id. All are optional. */
export interface AggregateIdSource {
  data?: Uint8Array | undefined;
  headers?: HeadersInput | undefined;
  key?: string | undefined;
  /** A NATS subject. Only a guess can be made from it, so leave it out where guessing is wrong. */
  subject?: string | undefined;
}

/**
 * The aggregate id, trimmed, from the first of these that holds a valid one: an envelope in `data`, the headers, the
 * key, the right-most dot-separated segment of the subject.
 * @throws EnvelopeError `aggregate_id not found in any source`
 */
export function extractAggregateId(source: AggregateIdSource): string {
  const id =
    fromData(source.data) ??
    (source.headers === undefined ? undefined : aggregateIdFromHeaders(toHeaderList(source.headers))) ??
    validOrNothing(source.key) ??
    fromSubject(source.subject);
  if (id === undefined) throw new EnvelopeError('aggregate_id not found in any source', 'aggregate_id');
  return id;
}

/** The first valid aggregate id in the headers, trimmed. */
export function aggregateIdFromHeaders(headers: HeaderList): string | undefined {
  for (const wanted of HEADER_NAMES) {
    for (const [name, value] of headers) {
      if (name !== wanted) continue;
      const id = validOrNothing(headerText(value));
      if (id !== undefined) return id;
    }
  }
  return undefined;
}

function fromData(data: Uint8Array | undefined): string | undefined {
  if (data === undefined || data.length === 0) return undefined;
  try {
    return decodeEnvelope(data).aggregateId.trim();
  } catch {
    return undefined;
  }
}

function fromSubject(subject: string | undefined): string | undefined {
  if (subject === undefined) return undefined;
  const segments = subject.split('.').reverse();
  return segments.find((segment) => isValidAggregateId(segment))?.trim();
}

function validOrNothing(id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  if (isCleanAggregateId(id)) return id;
  return isValidAggregateId(id) ? id.trim() : undefined;
}
