/** Events to the JSON that goes into the statements, and rows back to events. */
import { createEnvelope } from '@ebus/core';
import { EbusError } from '@ebus/core/driver';
import { headersFromJson, headersToJson } from '../event/headers-json.js';
import type { ClaimedEvent, OutboxEvent } from '../event/outbox-event.js';
import type { TextRow } from './queryable.js';

/** The widths of the text columns, in characters. */
const LIMITS = { eventId: 255, eventType: 255, traceId: 255, correlationId: 255 } as const;

/**
 * A JSON array for the statement `save`, in the order of the events.
 * @throws EbusError `ENVELOPE_INVALID` for a field that is too long for its column
 */
export function eventsToJson(events: readonly OutboxEvent[]): string {
  return `[${events.map(toJson).join(',')}]`;
}

function toJson({ topic, envelope, aggregateType = '', headers }: OutboxEvent): string {
  for (const [field, limit] of Object.entries(LIMITS) as [keyof typeof LIMITS, number][]) {
    const length = envelope[field]?.length ?? 0;
    if (length <= limit) continue;
    throw new EbusError(`${field} has ${length} characters, and the outbox keeps ${limit}`, {
      code: 'ENVELOPE_INVALID',
    });
  }
  const columns = {
    id: envelope.eventId,
    aggregate_id: envelope.aggregateId,
    aggregate_type: aggregateType,
    event_type: envelope.eventType,
    event_version: envelope.eventVersion,
    topic,
    occurred_at: envelope.timestamp.toISOString(),
    trace_id: envelope.traceId,
    correlation_id: envelope.correlationId,
    tenant_id: envelope.tenantId,
  };
  const headersJson = headersToJson(headers);
  // The payload goes in as the text that it is on the wire.
  return (
    `${JSON.stringify(columns).slice(0, -1)},"payload":${JSON.stringify(envelope.payload)}` +
    `${headersJson === undefined ? '' : `,"headers":${headersJson}`}}`
  );
}

/** An event from a row of the statement `claim`. `token` is the token of the lease. */
export function toClaimedEvent(row: TextRow, token: string): ClaimedEvent {
  return {
    id: row.id as string,
    token,
    topic: row.topic as string,
    envelope: createEnvelope({
      eventId: row.id as string,
      aggregateId: row.aggregate_id as string,
      eventType: row.event_type as string,
      eventVersion: Number(row.event_version),
      timestamp: dateOf(row.occurred_at),
      payload: JSON.parse(row.payload as string),
      traceId: row.trace_id ?? undefined,
      correlationId: row.correlation_id ?? undefined,
      tenantId: row.tenant_id === null ? undefined : Number(row.tenant_id),
    }),
    aggregateType: row.aggregate_type as string,
    headers: headersFromJson(row.headers),
    position: Number(row.position),
    attempts: Number(row.attempts),
    retryCount: Number(row.retry_count),
    createdAt: dateOf(row.created_at),
  };
}

/** From milliseconds since the epoch, as text. */
export function dateOf(milliseconds: string | null | undefined): Date {
  return new Date(Number(milliseconds));
}

/** A JSON array of ids and tokens for `renew`, `markPublished` and `release`; other fields are left out. */
export function leasesToJson(leases: readonly { id: string; token: string }[]): string {
  return JSON.stringify(leases.map(({ id, token }) => ({ id, token })));
}
