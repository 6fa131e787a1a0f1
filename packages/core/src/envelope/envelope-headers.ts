/** Envelope fields that travel in headers, too, for readers that do not decode it. */
import { type HeaderList, type HeadersInput, headersToSend } from '../headers.js';
import type { Envelope } from './envelope.js';

/** The headers that a publish adds to an envelope, in a fixed order. Unset ids are left out. */
export function envelopeHeaders(envelope: Envelope): [string, string | Uint8Array][] {
  const headers: [string, string | Uint8Array][] = [
    ['X-Event-ID', envelope.eventId],
    ['X-Aggregate-ID', envelope.aggregateId],
    ['X-Event-Version', String(envelope.eventVersion)],
    ['X-Event-Type', envelope.eventType],
  ];
  const { traceId, correlationId, tenantId } = envelope;
  if (traceId !== undefined && traceId !== '') headers.push(['X-Trace-ID', traceId]);
  if (correlationId !== undefined && correlationId !== '') headers.push(['X-Correlation-ID', correlationId]);
  if (tenantId !== undefined) headers.push(['X-Tenant-ID', String(tenantId)]);
  return headers;
}

const NAMES = new Set([
  'x-event-id',
  'x-aggregate-id',
  'x-event-version',
  'x-event-type',
  'x-trace-id',
  'x-correlation-id',
  'x-tenant-id',
]);

/** Behind the headers of the envelope, those that the caller gives. */
export function withMore(headers: HeaderList, more: HeadersInput): HeaderList {
  // The ids of a forwarded message are not those of the event that is published now.
  return [...headers, ...headersToSend(more, NAMES)];
}
