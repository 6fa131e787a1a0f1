import { expect, it } from 'vitest';
import { PermanentError } from '../errors.js';
import type { HeaderList } from '../headers.js';
import { deadLetterHeaders, withoutDeadLetterHeaders, writtenAt } from './format.js';

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
  const error = new PermanentError('x'.repeat(5_000));
  const once = deadLetterHeaders([['a', '1']], { ...reason, error });
  const twice = deadLetterHeaders(once, {
    ...reason,
    group: undefined,
    position: undefined,
    error: { toString: null },
  });
  expect(once.find(([name]) => name === 'X-Error-Code')?.[1]).toBe('PERMANENT');
  expect(once.find(([name]) => name === 'X-Error-Message')?.[1]).toBe(
    `${'x'.repeat(900)}… (4100 more characters)`,
  );
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

it("leaves an application's own X-Timestamp where it was", () => {
  const original: HeaderList = [
    ['X-Timestamp', 'yesterday'],
    ['a', '1'],
  ];
  const letter = deadLetterHeaders(original, { ...reason, error: 'no' });
  expect(letter.slice(0, 2)).toEqual(original);
  expect(writtenAt(letter)).toBe('1970-01-01T00:00:00.000Z');
  expect(withoutDeadLetterHeaders(letter)).toEqual(original);
  expect(withoutDeadLetterHeaders(original)).toEqual(original);
  const again = deadLetterHeaders(letter, { ...reason, now: 1_000, error: 'no' });
  expect(again.filter(([name]) => name === 'X-Timestamp').map(([, value]) => value)).toEqual([
    'yesterday',
    '1970-01-01T00:00:01.000Z',
  ]);
});

it('adds only what redriving needs where there is no room for more', () => {
  expect(deadLetterHeaders([['a', '1']], { ...reason, error: new Error('x') }, 'required')).toEqual([
    ['a', '1'],
    ['X-Original-Topic', 'orders'],
    ['X-Consumer-Group', 'billing'],
  ]);
});
