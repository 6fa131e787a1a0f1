/** The ids of a message: what log lines, events and a handler's own publishes carry on. */
import type { IncomingMessage } from '../driver/message.js';
import { findHeader, headerText } from '../headers.js';
import { keyText } from './message.js';

/** The ids that a message carries. Its publisher chose them. */
export interface MessageIds {
  readonly key: string | undefined;
  readonly eventId: string | undefined;
  readonly aggregateId: string | undefined;
  readonly eventType: string | undefined;
  readonly correlationId: string | undefined;
  readonly tenantId: number | undefined;
  readonly traceId: string | undefined;
}

/** The ids of an envelope. */
export interface EnvelopeIds {
  readonly eventId: string;
  readonly aggregateId: string;
  readonly eventType: string;
  readonly correlationId?: string;
  readonly tenantId?: number;
  readonly traceId?: string;
}

/** From the envelope where there is one, else from the headers that envelopes are published with. */
export function idsOf(
  incoming: Pick<IncomingMessage, 'key' | 'headers'>,
  envelope: EnvelopeIds | undefined,
): MessageIds {
  const key = keyText(incoming.key);
  if (envelope !== undefined) return { key: key || envelope.aggregateId, ...envelopeIds(envelope) };
  const text = (name: string) => {
    const value = findHeader(incoming.headers, name);
    // Bytes that are not nothing may be text that is: a byte order mark.
    return value === undefined ? undefined : headerText(value) || undefined;
  };
  const aggregateId = text('X-Aggregate-ID');
  return {
    key: key || aggregateId,
    eventId: text('X-Event-ID'),
    aggregateId,
    eventType: text('X-Event-Type'),
    correlationId: text('X-Correlation-ID'),
    tenantId: tenantOf(text('X-Tenant-ID')),
    traceId: text('X-Trace-ID') ?? traceOf(text('traceparent')),
  };
}

/** The ids of an envelope, without a key. */
export function envelopeIds(envelope: EnvelopeIds): Omit<MessageIds, 'key'> {
  const { eventId, aggregateId, eventType, correlationId, tenantId, traceId } = envelope;
  return { eventId, aggregateId, eventType, correlationId, tenantId, traceId };
}

function tenantOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The second field of W3C's `traceparent`. */
function traceOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : /^[\da-f]{2}-([\da-f]{32})-/.exec(text)?.[1];
}
