import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { jsonCodec } from '../envelope/codec.js';
import { readDeadLetter } from './dead-letter.js';
import { criteriaOf, type LetterCriteria } from './letter-criteria.js';

const incoming = (headers: Record<string, string>, value: unknown = {}): IncomingMessage =>
  ({
    topic: 'orders.dlq',
    key: 'order-7',
    value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]),
  }) as unknown as IncomingMessage;

const LETTER = incoming(
  {
    'X-Consumer-Group': 'billing',
    'X-Error-Code': 'HANDLER_FAILED',
    'X-Original-Topic': 'orders',
    'X-Timestamp': '2026-01-02T00:00:00Z',
  },
  {
    event_id: 'e',
    aggregate_id: 'order-7',
    event_type: 'OrderPaid',
    event_version: 1,
    timestamp: '2026-01-01T00:00:00Z',
    payload: {},
  },
);

const fits = (criteria: LetterCriteria, message = LETTER) =>
  criteriaOf(criteria, jsonCodec)(readDeadLetter(message), message);

it('no criteria fit every letter', () => {
  expect(fits({})).toBe(true);
  expect(fits({}, incoming({}, 'no JSON'))).toBe(true);
});

it.each<[LetterCriteria, LetterCriteria]>([
  [{ key: 'order-7' }, { key: 'order-8' }],
  [{ group: 'billing' }, { group: 'shipping' }],
  [{ errorCode: 'HANDLER_FAILED' }, { errorCode: 'PARKED' }],
  [{ eventType: 'OrderPaid' }, { eventType: 'OrderPlaced' }],
  [{ aggregateId: 'order-7' }, { aggregateId: 'order-8' }],
  [{ failedAfter: new Date('2026-01-02') }, { failedAfter: new Date('2026-01-02T00:00:01Z') }],
  [{ failedBefore: new Date('2026-01-03') }, { failedBefore: new Date('2026-01-02') }],
])('%o fits, %o does not', (right, wrong) => {
  expect([fits(right), fits(wrong), fits({ ...right, group: 'other' })]).toEqual([true, false, false]);
});

it('a letter that does not say when it failed fits no time, and one that is no event no event', () => {
  const other = incoming({}, 'no JSON');
  expect(fits({ failedBefore: new Date('2100-01-01') }, other)).toBe(false);
  expect(fits({ failedAfter: new Date(0) }, other)).toBe(false);
  expect([fits({ eventType: 'OrderPaid' }, other), fits({ aggregateId: 'order-7' }, other)]).toEqual([
    false,
    false,
  ]);
});

it('headers tell the event before its body does', () => {
  const ids = { 'X-Event-Type': 'FromHeader', 'X-Aggregate-ID': 'a' };
  expect(fits({ eventType: 'FromHeader' }, incoming(ids, 'no JSON'))).toBe(true);
});
