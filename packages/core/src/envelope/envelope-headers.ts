/** What of an envelope travels in headers, too, for readers that do not decode it. */
import type { Envelope } from './envelope.js';

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
