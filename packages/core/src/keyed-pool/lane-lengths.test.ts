import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LaneLengths } from './lane-lengths.js';

it('knows the longest lane after any changes', () => {
  const change = fc.record({ lane: fc.nat(5), to: fc.nat(12) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
      const lengths = new LaneLengths();
      const model = new Array<number>(6).fill(0);
      for (const { lane, to } of changes) {
        lengths.change(model[lane] as number, to);
        model[lane] = to;
        expect(lengths.longest).toBe(Math.max(...model));
      }
    }),
  );
});
