import { expect, it } from 'vitest';
import { EnvelopeError } from '../errors.js';
import type { HeaderList } from '../headers.js';
import { deadLetterHeaders, withoutDeadLetterHeaders } from './dead-letter.js';

const reason = {
  topic: 'orders',
  position: { partition: 2, offset: 41 },
  group: 'billing',
  attempts: 4,
  now: 0,
};

it('keeps the original headers in order, and adds where and why it failed', () => {
  const original: HeaderList = [
    ['a', '1'],
    ['a', new Uint8Array([0xff])],
    ['Nats-Msg-Id', 'orders:1'],
    ['traceparent', 'x'],
  ];
  expect(deadLetterHeaders(original, { ...reason, error: new Error('out of\n  stock') })).toEqual([
    ['a', '1'],
    ['a', new Uint8Array([0xff])],
    ['traceparent', 'x'],
    ['X-Original-Topic', 'orders'],
    ['X-Original-Position', '2:41'],
    ['X-Consumer-Group', 'billing'],
    ['X-Error-Message', 'out of stock'],
    ['X-Error-Code', 'HANDLER_FAILED'],
    ['X-Attempts', '4'],
    ['X-Timestamp', '1970-01-01T00:00:00.000Z'],
  ]);
});

it('names the code of ebus errors, replaces what an earlier failure said, and cuts endless texts', () => {
  const error = new EnvelopeError('x'.repeat(5_000));
  const once = deadLetterHeaders([['a', '1']], { ...reason, error });
  const twice = deadLetterHeaders(once, {
    ...reason,
    group: undefined,
    position: undefined,
    error: { toString: null },
  });
  expect(once.find(([name]) => name === 'X-Error-Code')?.[1]).toBe('ENVELOPE_INVALID');
  expect(once.find(([name]) => name === 'X-Error-Message')?.[1]).toHaveLength(1_000);
  expect(twice.map(([name]) => name)).toEqual([
    'a',
    'X-Original-Topic',
    'X-Error-Message',
    'X-Error-Code',
    'X-Attempts',
    'X-Timestamp',
  ]);
  expect(withoutDeadLetterHeaders(twice)).toEqual([['a', '1']]);
});
