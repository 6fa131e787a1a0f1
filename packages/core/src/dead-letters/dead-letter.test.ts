import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import type { HeaderList } from '../headers.js';
import { readDeadLetter } from './dead-letter.js';

const letter = (headers: HeaderList): IncomingMessage => ({
  token: 0,
  topic: 'orders.dlq',
  value: new Uint8Array(),
  headers,
});

const NAMES = [
  'X-Original-Topic',
  'X-Original-Position',
  'X-Consumer-Group',
  'X-Error-Message',
  'X-Attempts',
  'X-Timestamp',
];

it('reads what a dead letter says of itself', () => {
  const headers: HeaderList = [
    ['X-Timestamp', "an application's"],
    ['X-Original-Topic', 'orders'],
    ['X-Original-Position', '2:41'],
    ['X-Consumer-Group', 'billing'],
    ['X-Error-Message', new TextEncoder().encode('out of stock')],
    ['X-Error-Code', 'HANDLER_FAILED'],
    ['X-Attempts', '4'],
    ['X-Timestamp', '2026-11-25T20:00:00.000Z'],
  ];
  expect(readDeadLetter(letter(headers))).toMatchObject({
    originalTopic: 'orders',
    originalPosition: '2:41',
    group: 'billing',
    errorMessage: 'out of stock',
    errorCode: 'HANDLER_FAILED',
    attempts: 4,
    failedAt: new Date('2026-11-25T20:00:00.000Z'),
  });
});

it.each(['', ' ', '-1', '1.5', '1e3', 'Infinity', '0x10', '9'.repeat(30), 'three'])(
  'has no attempts %j',
  (text) => {
    expect(readDeadLetter(letter([['X-Attempts', text]])).attempts).toBeUndefined();
  },
);

it.each(['', '5', 'yesterday', '2026-13-01T00:00:00Z', 'Wed, 25 Nov 2026 20:00:00 GMT'])(
  'has no date %j',
  (text) => {
    const headers = [['X-Original-Topic', 'orders'] as const, ['X-Timestamp', text] as const];
    expect(readDeadLetter(letter(headers)).failedAt).toBeUndefined();
  },
);

it('never throws, whatever a stranger wrote', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...NAMES), value)), (headers) => {
      const read = readDeadLetter(letter(headers));
      expect(read.attempts ?? 0).toBeGreaterThanOrEqual(0);
      expect(Number.isNaN(read.failedAt?.getTime())).toBe(false);
    }),
  );
});
