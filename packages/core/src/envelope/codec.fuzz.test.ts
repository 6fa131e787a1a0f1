/** Envelopes as strangers write them: what is read is valid and can be written again; all else is an `EnvelopeError`. */
import assert from 'node:assert/strict';
import { expect, it } from 'vitest';
import { EnvelopeError } from '../errors.js';
import { FUZZ_TIMEOUT_MS, fuzz, prototypeIsClean, spoiledBytes } from '../testing/fuzz.js';
import { type EnvelopeCodec, jsonCodec } from './codec.js';
import { validateEnvelope } from './envelope.js';
import { lineageCodec } from './lineage-codec.js';

const FIELDS =
  '"event_id":"0192f0c1-0000-7000-8000-000000000001","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":1,' +
  '"timestamp":"2026-01-02T03:04:05.678Z","trace_id":"t","correlation_id":"c"';
const SAMPLES = [
  `{${FIELDS},"tenant_id":7,"payload":{"a":[1,2.5,null,"x"],"b":{"c":9007199254740993}}}`,
  `{${FIELDS},"tenant_id":"7","payload":"eyJhIjoxfQ=="}`,
  `{${FIELDS},"payload":[]}`,
];

const codecs: [string, EnvelopeCodec][] = [
  ['the default codec', jsonCodec],
  ['integers as bigints', jsonCodec({ bigint: 'bigint' })],
  ['jxt-core 1.1.20', lineageCodec({ version: '1.1.20' })],
  ['jxt-core 1.1.30', lineageCodec({ version: '1.1.30' })],
];

it.each(codecs)(
  '%s reads what is valid, and refuses the rest with an EnvelopeError',
  { timeout: FUZZ_TIMEOUT_MS },
  (_, codec) => {
    let read = 0;
    fuzz(spoiledBytes(...SAMPLES), (bytes) => {
      const before = bytes.slice();
      try {
        const envelope = codec.decode(bytes);
        validateEnvelope(envelope);
        const again = codec.decode(codec.encode(envelope));
        assert.equal(again.eventId, envelope.eventId);
        assert.deepEqual(again.payload, envelope.payload);
        read++;
      } catch (error) {
        if (!EnvelopeError.isInstance(error)) throw error;
      }
      assert.deepEqual(bytes, before);
    });
    expect(read).toBeGreaterThan(0);
    expect(prototypeIsClean()).toBe(true);
  },
);
