import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyBytes } from './copy-bytes.js';

it('copies values of all sizes without any of them sharing bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 6_000 }), { maxLength: 12 }), (sizes) => {
      const copies = sizes.map((size) => copyBytes(new Uint8Array(size).fill(1)));
      expect(copies.map(({ length }) => length)).toEqual(sizes);
      for (const copy of copies) {
        expect(copy.every((byte) => byte === 1)).toBe(true);
        copy.fill(2);
      }
    }),
  );
});

it('copies what a Buffer shows, not all of what is behind it', () => {
  const copy = copyBytes(Buffer.from('hidden, shown').subarray(8));
  expect(new TextDecoder().decode(copy)).toBe('shown');
});
