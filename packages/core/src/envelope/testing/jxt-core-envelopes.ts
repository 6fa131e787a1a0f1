/** Envelopes as three versions of jxt-core wrote them, with the headers that they sent; by running those versions. */

export interface WrittenEnvelope {
  /** What the service gave; the payload as JSON. */
  readonly given: {
    readonly eventType: string;
    readonly eventVersion: string;
    readonly traceId?: string;
    readonly correlationId?: string;
    readonly tenantId?: number;
    readonly payload: string;
  };
  readonly headers: readonly (readonly [string, string])[];
  readonly value: string;
}

/** The same in all of them. */
export const EVENT_ID = '0190f3c2-7a00-7000-8000-000000000001';
export const AGGREGATE_ID = 'order-1';
export const TIMESTAMP = '2024-05-06T07:08:09.123456789+02:00';

export const WRITTEN: Readonly<Record<string, readonly WrittenEnvelope[]>> = {
  '1.1.20': [
    {
      given: {
        eventType: 'OrderPlaced',
        eventVersion: '3',
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        correlationId: 'corr-1',
        tenantId: 42,
        payload: '{"total":12.5,"items":[{"sku":"a","n":2}]}',
      },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
        ['X-Trace-ID', '4bf92f3577b34da6a3ce929d0e0e4736'],
        ['X-Correlation-ID', 'corr-1'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","correlation_id":"corr-1","payload":"eyJ0b3RhbCI6MTIuNSwiaXRlbXMiOlt7InNrdSI6ImEiLCJuIjoyfV19"}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '{}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"e30="}',
    },
    {
      given: {
        eventType: 'Bestellung geändert',
        eventVersion: '3',
        correlationId: 'ü-🚀',
        payload: '{"名":"订单","html":"<&>","sep":"\\u2028"}',
      },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'Bestellung geändert'],
        ['X-Correlation-ID', 'ü-🚀'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"Bestellung geändert","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","correlation_id":"ü-🚀","payload":"eyLlkI0iOiLorqLljZUiLCJodG1sIjoiPCY+Iiwic2VwIjoiXHUyMDI4In0="}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '9007199254740992', payload: '{}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '9007199254740992'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":9007199254740992,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"e30="}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '{"id":9007199254740993}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"eyJpZCI6OTAwNzE5OTI1NDc0MDk5M30="}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: 'null' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"bnVsbA=="}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '"text"' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"InRleHQi"}',
    },
  ],
  '1.1.35': [
    {
      given: {
        eventType: 'OrderPlaced',
        eventVersion: '3',
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        correlationId: 'corr-1',
        tenantId: 42,
        payload: '{"total":12.5,"items":[{"sku":"a","n":2}]}',
      },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
        ['X-Trace-ID', '4bf92f3577b34da6a3ce929d0e0e4736'],
        ['X-Correlation-ID', 'corr-1'],
        ['X-Tenant-ID', '42'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","correlation_id":"corr-1","tenant_id":"42","payload":{"total":12.5,"items":[{"sku":"a","n":2}]}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '{}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":{}}',
    },
    {
      given: {
        eventType: 'Bestellung geändert',
        eventVersion: '3',
        correlationId: 'ü-🚀',
        payload: '{"名":"订单","html":"<&>","sep":"\\u2028"}',
      },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'Bestellung geändert'],
        ['X-Correlation-ID', 'ü-🚀'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"Bestellung geändert","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","correlation_id":"ü-🚀","payload":{"名":"订单","html":"<&>","sep":"\\u2028"}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '9007199254740992', payload: '{}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '9007199254740992'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":9007199254740992,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":{}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '{"id":9007199254740993}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":{"id":9007199254740993}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: 'null' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":null}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '"text"' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"text"}',
    },
  ],
  '1.7.5': [
    {
      given: {
        eventType: 'OrderPlaced',
        eventVersion: '3',
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        correlationId: 'corr-1',
        tenantId: 42,
        payload: '{"total":12.5,"items":[{"sku":"a","n":2}]}',
      },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
        ['X-Trace-ID', '4bf92f3577b34da6a3ce929d0e0e4736'],
        ['X-Correlation-ID', 'corr-1'],
        ['X-Tenant-ID', '42'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","correlation_id":"corr-1","tenant_id":42,"payload":{"total":12.5,"items":[{"sku":"a","n":2}]}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '{}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":{}}',
    },
    {
      given: {
        eventType: 'Bestellung geändert',
        eventVersion: '3',
        correlationId: 'ü-🚀',
        payload: '{"名":"订单","html":"<&>","sep":"\\u2028"}',
      },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'Bestellung geändert'],
        ['X-Correlation-ID', 'ü-🚀'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"Bestellung geändert","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","correlation_id":"ü-🚀","payload":{"名":"订单","html":"<&>","sep":"\\u2028"}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '9007199254740992', payload: '{}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '9007199254740992'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":9007199254740992,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":{}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '{"id":9007199254740993}' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":{"id":9007199254740993}}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: 'null' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":null}',
    },
    {
      given: { eventType: 'OrderPlaced', eventVersion: '3', payload: '"text"' },
      headers: [
        ['X-Event-ID', '0190f3c2-7a00-7000-8000-000000000001'],
        ['X-Aggregate-ID', 'order-1'],
        ['X-Event-Version', '3'],
        ['X-Event-Type', 'OrderPlaced'],
      ],
      value:
        '{"event_id":"0190f3c2-7a00-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":3,"timestamp":"2024-05-06T07:08:09.123456789+02:00","payload":"text"}',
    },
  ],
};
