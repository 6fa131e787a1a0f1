/** JSON Schemas of an envelope on the wire and of its headers. */

const text = { type: 'string', minLength: 1 };

/** The envelope; each message adds its event type and its payload. */
export const ENVELOPE = {
  type: 'object',
  required: ['event_id', 'aggregate_id', 'event_type', 'event_version', 'timestamp', 'payload'],
  properties: {
    event_id: text,
    aggregate_id: { type: 'string', minLength: 1, maxLength: 256, pattern: '^[A-Za-z0-9:_\\-./]+$' },
    event_type: text,
    event_version: { type: 'integer', minimum: 1 },
    timestamp: { type: 'string', format: 'date-time' },
    trace_id: { type: 'string' },
    correlation_id: { type: 'string' },
    tenant_id: { type: 'integer' },
  },
};

/** The headers that ebus writes; readers do not depend on them. */
export const HEADERS = {
  type: 'object',
  properties: {
    'X-Event-ID': { type: 'string' },
    'X-Aggregate-ID': { type: 'string' },
    'X-Event-Type': { type: 'string' },
    'X-Event-Version': { type: 'string' },
    'X-Trace-ID': { type: 'string' },
    'X-Correlation-ID': { type: 'string' },
    'X-Tenant-ID': { type: 'string' },
    traceparent: { type: 'string' },
  },
};
