/** Metadata of commits that any client may have written: read without a throw, in bounded time and size. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeMetadata, encodeMetadata, MAX_METADATA } from './commit-metadata.js';

const RUNS = Number(process.env.EBUS_FUZZ ?? 10_000);
const valid = encodeMetadata('AAAAAAAAAAAAAAAAAAAAAQ', 41, (visit) => [43, 44, 60].forEach(visit));
const text = fc.oneof(
  fc
    .tuple(fc.nat(valid.length), fc.string({ unit: 'binary' }), fc.nat(10))
    .map(([at, more, drop]) => valid.slice(0, at) + more + valid.slice(at + drop)),
  fc.string({ unit: 'binary', maxLength: 6_000 }),
);

it('names only offsets after the committed one', { timeout: 20_000 + RUNS }, () => {
  const check = (metadata: string, committed: number) => {
    const read = decodeMetadata(metadata, committed);
    if (read === undefined) return;
    expect(read.settled.length).toBeLessThanOrEqual(MAX_METADATA * 8);
    expect(read.settled.every((offset) => offset > committed)).toBe(true);
  };
  fc.assert(fc.property(text, fc.nat(), check), { numRuns: RUNS });
});
