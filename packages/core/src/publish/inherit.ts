/** Publishes of a handler inherit the correlation id and the tenant of the message that it handles. */
import type { Envelope } from '../envelope/envelope.js';
import { findHeader, type HeaderList, type HeaderValue } from '../headers.js';
import { inheritedIds } from '../pipeline/handling.js';

/** Sets ids that the application left out. Nothing outside of handlers. */
export function inheritIds(envelope: Envelope): void {
  const inherited = inheritedIds();
  if (inherited === undefined) return;
  const { correlationId, tenantId } = inherited;
  if (envelope.correlationId === undefined && correlationId !== undefined)
    envelope.correlationId = correlationId;
  if (envelope.tenantId === undefined && tenantId !== undefined) envelope.tenantId = tenantId;
}

/** The same for messages without an envelope: in the headers that envelopes have, too. */
export function withInherited(headers: HeaderList): HeaderList {
  const inherited = inheritedIds();
  if (inherited === undefined) return headers;
  const { correlationId, tenantId } = inherited;
  const added: [string, HeaderValue][] = [];
  if (correlationId !== undefined && findHeader(headers, 'X-Correlation-ID') === undefined) {
    added.push(['X-Correlation-ID', correlationId]);
  }
  if (tenantId !== undefined && findHeader(headers, 'X-Tenant-ID') === undefined) {
    added.push(['X-Tenant-ID', String(tenantId)]);
  }
  return added.length === 0 ? headers : [...headers, ...added];
}
