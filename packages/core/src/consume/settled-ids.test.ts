import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SettledIds } from './settled-ids.js';

const id = fc.oneof(
  fc.nat({ max: 200 }),
  fc.nat({ max: 100 }).map((more) => 2 ** 40 + more),
  fc.nat({ max: 100 }).map((less) => Number.MAX_SAFE_INTEGER - less),
  fc.constantFrom('1\u00005', '1\u000037', 5n),
);

it('knows what was added, in any order, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, asked) => {
      const ids = new SettledIds();
      const wanted = new Set(added);
      for (const one of added) ids.add(one);
      for (const one of [...added, ...asked]) expect(ids.has(one)).toBe(wanted.has(one));
      expect(ids.size).toBe(added.length);
    }),
  );
});

it('keeps blocks apart that take turns', () => {
  const ids = new SettledIds();
  for (let offset = 0; offset < 64; offset += 2) ids.add(offset % 4 === 0 ? offset : 1_000 + offset);
  for (let offset = 0; offset < 64; offset++) {
    expect(ids.has(offset)).toBe(offset % 4 === 0);
    expect(ids.has(1_000 + offset)).toBe(offset % 4 === 2);
  }
});
