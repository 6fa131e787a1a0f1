import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { ReceivedMessage } from './message.js';

it.each([
  [1_700_000_000_000, '2023-11-14T22:13:20.000Z'],
  [0, '1970-01-01T00:00:00.000Z'],
  [undefined, undefined],
  // Nanoseconds, by a producer that took them for milliseconds.
  [1_700_000_000_000_000_000, undefined],
])('a timestamp of %s is %s: one that is no date is none', (timestamp, expected) => {
  const incoming = {
    topic: 't',
    value: new Uint8Array(),
    headers: [],
    timestamp,
  } as unknown as IncomingMessage;
  expect(new ReceivedMessage(incoming).timestamp?.toISOString()).toBe(expected);
});
