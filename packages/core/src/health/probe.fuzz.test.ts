/** Probes as strangers write them are read, or rejected with a reason; nothing is thrown. */
import { expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzz, prototypeIsClean, spoiledText } from '../testing/fuzz.js';
import { createProbe, encodeProbe, readProbe } from './probe.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');

it('are read or rejected', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const clock = { now: () => NOW, randomBytes: (size: number) => new Uint8Array(size) };
  const probe = createProbe('orders', 'nats', 'orders-1', clock);
  const outcomes = new Set<string>();
  fuzz(spoiledText(encodeProbe(probe)), (text) => {
    const { rejection } = readProbe(text, 'nats', NOW, 60_000);
    outcomes.add(rejection ?? 'read');
  });
  expect(outcomes).toContain('read');
  expect(outcomes).toContain('malformed');
  expect(prototypeIsClean()).toBe(true);
});
