/** Letters and redrives as strangers write them: read without a throw, and never sent where they must not go. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HeaderList } from '../headers.js';
import { FUZZ_TIMEOUT_MS, fuzz, prototypeIsClean, spoiledBytes, spoiledText } from '../testing/fuzz.js';
import { readDeadLetter } from './dead-letter.js';
import { DEAD_LETTER_HEADERS, withoutDeadLetterHeaders } from './format.js';

const VALUES = ['orders', '3:1042', 'billing', '17', '2026-01-02T03:04:05Z', 'HANDLER_FAILED'];

const names = fc.oneof(
  fc.constantFrom(...DEAD_LETTER_HEADERS, 'X-Timestamp', 'x-attempts', 'traceparent'),
  fc.string({ maxLength: 12 }),
);
const headers = fc.array(fc.tuple(names, fc.oneof(spoiledText(...VALUES), spoiledBytes(...VALUES))), {
  maxLength: 12,
});

it('is read without a throw, and what is undefined is all that is wrong with it', {
  timeout: FUZZ_TIMEOUT_MS,
}, () => {
  fuzz(headers as fc.Arbitrary<HeaderList>, (list) => {
    const letter = readDeadLetter({ token: 0, topic: 'orders.dlq', value: new Uint8Array(), headers: list });
    const { attempts, failedAt } = letter;
    assert(attempts === undefined || (Number.isSafeInteger(attempts) && attempts >= 0));
    assert(!Number.isNaN(failedAt?.getTime()));
    const rest = withoutDeadLetterHeaders(list);
    assert(rest.every((header) => list.includes(header)));
  });
  expect(prototypeIsClean()).toBe(true);
});
