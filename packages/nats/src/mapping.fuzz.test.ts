/** Header blocks as strangers write them: read without a throw, and written ones read as they were. */
import assert from 'node:assert/strict';
import { expect, it } from 'vitest';
import {
  FUZZ_TIMEOUT_MS,
  fuzz,
  prototypeIsClean,
  spoiledBytes,
  spoiledText,
} from '../../core/src/testing/fuzz.js';
import { percentDecode, percentEncode } from './header-encoding.js';
import { readHeaderBlock } from './mapping.js';

const BLOCK = [
  'NATS/1.0',
  'Nats-Msg-Id: orders:e-1',
  'X-Aggregate-ID: order-1',
  'X-Ebus-Encoded: tag x-aggregate-id',
  'tag: a%20b%0D%0A',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '',
  '',
].join('\r\n');

it('is read: names and values, and nothing of NATS itself', { timeout: FUZZ_TIMEOUT_MS }, () => {
  fuzz(spoiledBytes(BLOCK, 'NATS/1.0 503\r\n\r\n'), (block) => {
    const { headers, key, messageId } = readHeaderBlock(block);
    for (const [name, value] of headers) {
      assert(name !== '' && (typeof value === 'string' || value instanceof Uint8Array));
      assert(!/^(nats-msg-id|x-ebus-encoded)$/i.test(name));
    }
    assert(key !== '' && (messageId === undefined || typeof messageId === 'string'));
  });
  expect(prototypeIsClean()).toBe(true);
});

it('carries every text as it was', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const wellFormed = spoiledText('a b', 'täglich', '%41%').map((text) => Buffer.from(text).toString());
  fuzz(wellFormed, (text) => {
    const encoded = percentEncode(text);
    assert(/^[!-~]*$/.test(encoded));
    assert.equal(percentDecode(encoded), text);
  });
});
