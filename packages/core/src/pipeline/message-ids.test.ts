import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import type { HeaderList } from '../headers.js';
import { idsOf } from './message-ids.js';

const message = (headers: HeaderList, key?: string) => ({ key, headers }) as IncomingMessage;
const envelope = { eventId: 'e1', aggregateId: 'a1', eventType: 'Placed', tenantId: 3 };

it('takes the ids of the envelope where there is one, whatever the headers say', () => {
  const headers: HeaderList = [['X-Event-ID', 'forged']];
  expect(idsOf(message(headers), envelope)).toMatchObject({
    key: 'a1',
    eventId: 'e1',
    eventType: 'Placed',
    tenantId: 3,
  });
  expect(idsOf(message(headers, 'own'), envelope).key).toBe('own');
});

it('takes them from the headers otherwise, as far as they are there', () => {
  const headers: HeaderList = [
    ['x-event-id', 'e2'],
    ['X-Aggregate-ID', new TextEncoder().encode('a2')],
    ['X-Tenant-ID', '7'],
    ['X-Correlation-ID', ''],
    ['traceparent', `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`],
  ];
  expect(idsOf(message(headers), undefined)).toEqual({
    key: 'a2',
    eventId: 'e2',
    aggregateId: 'a2',
    eventType: undefined,
    correlationId: undefined,
    tenantId: 7,
    traceId: 'ab'.repeat(16),
  });
});

it.each([
  ['12x', undefined],
  ['1'.repeat(16), undefined],
  ['-4', -4],
])('a tenant of %s is %s', (text, expected) => {
  expect(idsOf(message([['X-Tenant-ID', text]]), undefined).tenantId).toBe(expected);
});
