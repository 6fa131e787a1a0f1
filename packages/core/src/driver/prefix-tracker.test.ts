import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTracker } from './prefix-tracker.js';

describe('PrefixTracker', () => {
  it('moves the watermark over the contiguous settled prefix only', () => {
    const tracker = new PrefixTracker();
    const [a, b, c] = [10, 11, 12].map((offset) => tracker.track(offset)) as [number, number, number];
    expect(tracker.watermark).toBe(10);
    tracker.settle(b);
    expect([tracker.watermark, tracker.oldestPending, tracker.pending, tracker.span]).toEqual([10, 10, 2, 3]);
    tracker.settle(a);
    expect([tracker.watermark, tracker.oldestPending, tracker.pending, tracker.span]).toEqual([12, 12, 1, 1]);
    tracker.settle(c);
    expect([tracker.watermark, tracker.oldestPending, tracker.pending, tracker.span]).toEqual([
      13,
      undefined,
      0,
      0,
    ]);
  });

  it('skips offsets that do not exist', () => {
    const tracker = new PrefixTracker();
    const [a, b] = [5, 900].map((offset) => tracker.track(offset)) as [number, number];
    tracker.settle(b);
    expect(tracker.watermark).toBe(5);
    tracker.settle(a);
    expect(tracker.watermark).toBe(901);
  });

  it('begins with the start position, or without one', () => {
    expect(new PrefixTracker().watermark).toBeUndefined();
    const tracker = new PrefixTracker(7);
    expect(tracker.watermark).toBe(7);
    const handle = tracker.track(9);
    expect(tracker.watermark).toBe(7);
    tracker.settle(handle);
    expect(tracker.watermark).toBe(10);
    expect(new PrefixTracker(0).track(0)).toBe(0);
  });

  it('settles a handle once, and no foreign one', () => {
    const tracker = new PrefixTracker();
    const [a, b] = [1, 2].map((offset) => tracker.track(offset)) as [number, number];
    expect(tracker.settle(b)).toBe(true);
    expect(tracker.settle(b)).toBe(false);
    expect(tracker.settle(a)).toBe(true);
    expect(tracker.settle(a)).toBe(false);
    for (const handle of [99, -1, Number.NaN]) expect(tracker.settle(handle)).toBe(false);
    expect([tracker.watermark, tracker.pending]).toEqual([3, 0]);
  });

  it('refuses offsets that do not increase, or lie before the start', () => {
    const tracker = new PrefixTracker(5);
    expect(() => tracker.track(4)).toThrow(RangeError);
    tracker.track(5);
    for (const offset of [5, 4, Number.NaN]) expect(() => tracker.track(offset)).toThrow(RangeError);
    expect(tracker.pending).toBe(1);
  });

  it('settles nothing by a handle from before a reset', () => {
    const tracker = new PrefixTracker();
    const old = [5, 6, 7].map((offset) => tracker.track(offset));
    tracker.reset();
    expect([tracker.watermark, tracker.pending, tracker.oldestPending]).toEqual([undefined, 0, undefined]);
    const [a] = [3, 4, 5].map((offset) => tracker.track(offset)) as [number];
    for (const handle of old) expect(tracker.settle(handle)).toBe(false);
    expect(tracker.settle(a)).toBe(true);
    expect(tracker.watermark).toBe(4);
    tracker.reset(1);
    expect(tracker.watermark).toBe(1);
  });

  it('agrees with a plain model for any gaps and any order of settling', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('track'), value: fc.integer({ min: 1, max: 5 }) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle'), value: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle oldest'), value: fc.constant(0) }) },
    );
    const start = fc.option(fc.nat(3), { nil: undefined });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), start, (steps, from) => {
        const tracker = new PrefixTracker(from);
        const model: { offset: number; handle: number; settled: boolean }[] = [];
        let offset = from ?? 0;
        let highest = from ?? 0;
        for (const { kind, value } of steps) {
          const chosen =
            kind === 'settle oldest' ? model.find((one) => !one.settled) : model[value % model.length];
          if (kind === 'track') {
            offset += value;
            model.push({ offset, handle: tracker.track(offset), settled: false });
          } else if (chosen !== undefined) {
            expect(tracker.settle(chosen.handle)).toBe(!chosen.settled);
            chosen.settled = true;
          }
          const pending = model.filter((one) => !one.settled);
          const prefix =
            pending.length === 0 ? model : model.slice(0, model.indexOf(pending[0] as (typeof model)[0]));
          const last = prefix.at(-1)?.offset;
          expect(tracker.watermark).toBe(last === undefined ? (from ?? model[0]?.offset) : last + 1);
          expect(tracker.pending).toBe(pending.length);
          expect(tracker.oldestPending).toBe(pending[0]?.offset);
          expect(tracker.span).toBe(model.length - prefix.length);
          expect(tracker.watermark ?? highest).toBeGreaterThanOrEqual(highest);
          highest = tracker.watermark ?? highest;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does not grow with the number of offsets that pass through', () => {
    const tracker = new PrefixTracker(0);
    const window: number[] = [];
    for (let offset = 0; offset < 1_000_000; offset++) {
      window[offset % 50] = tracker.track(offset);
      // Settle the window backwards, so that the watermark moves in jumps.
      if (offset % 50 === 49) for (let i = 49; i >= 0; i--) tracker.settle(window[i] as number);
    }
    expect([tracker.watermark, tracker.pending, tracker.capacity]).toEqual([1_000_000, 0, 64]);
  });

  it('gives the memory of a burst back', () => {
    const tracker = new PrefixTracker(0);
    const handles = Array.from({ length: 100_000 }, (_, offset) => tracker.track(offset));
    expect(tracker.capacity).toBe(131_072);
    for (const handle of handles.reverse()) tracker.settle(handle);
    expect([tracker.watermark, tracker.capacity]).toEqual([100_000, 64]);
  });
});
