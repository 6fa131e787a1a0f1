import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a32 } from './fnv1a.js';

describe('fnv1a32', () => {
  it.each([
    ['a', 44],
    ['order-123', 26],
    ['aggregate-1', 42],
    ['agg-123', 3],
  ])('puts %s into partition %d of 256', (key, partition) => {
    expect(fnv1a32(key) % 256).toBe(partition);
  });

  // From the test vectors of draft-eastlake-fnv.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('hashes %j', (key, hash) => {
    expect(fnv1a32(key)).toBe(hash);
  });

  it('is the hash of the UTF-8 bytes', () => {
    const wide = fc.string({
      unit: fc.oneof(fc.constantFrom('a', 'é', '订', '😀', '\ud800'), fc.string({ unit: 'grapheme' })),
    });
    fc.assert(
      fc.property(wide, (key) => {
        let expected = 0x811c9dc5n;
        for (const byte of new TextEncoder().encode(key)) {
          expected = ((expected ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
        }
        expect(fnv1a32(key)).toBe(Number(expected));
      }),
    );
  });
});
