import { expect, it } from 'vitest';
import { MessageHeaders } from '../headers.js';
import type { Envelope } from './envelope.js';
import { envelopeHeaders, withMore } from './envelope-headers.js';

const envelope = (more: Partial<Envelope> = {}) =>
  ({
    eventId: 'e',
    aggregateId: 'a',
    eventType: 'Placed',
    eventVersion: 2,
    timestamp: new Date(),
    payload: {},
    ...more,
  }) as Envelope;

it('has the ids of the event, and those that travel along where there are any', () => {
  expect(envelopeHeaders(envelope())).toEqual([
    ['X-Event-ID', 'e'],
    ['X-Aggregate-ID', 'a'],
    ['X-Event-Version', '2'],
    ['X-Event-Type', 'Placed'],
  ]);
  expect(envelopeHeaders(envelope({ traceId: '', correlationId: 'c', tenantId: 0 })).slice(4)).toEqual([
    ['X-Correlation-ID', 'c'],
    ['X-Tenant-ID', '0'],
  ]);
});

it('takes further headers, and not the ids of a message that is passed on', () => {
  const own = envelopeHeaders(envelope());
  const passedOn = new MessageHeaders([
    ['x-event-id', 'of another'],
    ['Request-ID', 'r'],
  ]);
  const headers = withMore(own, passedOn);
  expect(headers).toEqual([...own, ['Request-ID', 'r']]);
});
