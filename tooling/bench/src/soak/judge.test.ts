import { describe, expect, test } from 'vitest';
import { judge, type Sample } from './judge.js';

const MIB = 2 ** 20;
const samples = (count: number, of: (i: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: count }, (_, i) => ({
    seconds: i * 5,
    events: i * 1000,
    heapUsed: 20 * MIB,
    external: 4 * MIB,
    arrayBuffers: MIB,
    rss: 100 * MIB,
    ...of(i),
  }));
const broken = (all: readonly Sample[]) =>
  judge(all)
    .filter(({ flat }) => !flat)
    .map(({ measure }) => measure);

describe('a profile', () => {
  test('that stays where it was is flat, however it began', () => {
    expect(broken(samples(9, (i) => ({ heapUsed: (i < 3 ? 5 + i : 20) * MIB })))).toEqual([]);
  });

  test('that shrinks is flat', () => {
    expect(broken(samples(9, (i) => ({ heapUsed: (40 - i) * MIB, rss: (200 - i) * MIB })))).toEqual([]);
  });

  test('with single peaks is flat: medians count', () => {
    expect(broken(samples(12, (i) => (i === 10 ? { heapUsed: 90 * MIB, rss: 900 * MIB } : {})))).toEqual([]);
  });

  test('whose heap grows by more than 5 % from the second third to the last is not', () => {
    const growing = samples(9, (i) => ({ heapUsed: (20 + i * 0.5) * MIB }));
    expect(broken(growing)).toEqual(['heap after GC', 'heap and external']);
    const [heap] = judge(growing);
    expect(heap?.second).toBeCloseTo(22 * MIB, 0);
    expect(heap?.last).toBeCloseTo(23.5 * MIB, 0);
    expect(heap?.growth).toBeCloseTo(23.5 / 22 - 1, 6);
  });

  test('whose buffers grow is not, though its heap does not', () => {
    expect(broken(samples(9, (i) => ({ external: (4 + i) * MIB })))).toEqual(['heap and external']);
  });

  test('whose RSS grows by more than 10 % is not', () => {
    expect(broken(samples(9, (i) => ({ rss: (100 + 4 * i) * MIB })))).toEqual(['RSS']);
    expect(broken(samples(9, (i) => ({ rss: (100 + 3 * i) * MIB })))).toEqual([]);
  });

  test('of two samples has no thirds', () => {
    expect(() => judge(samples(2, () => ({})))).toThrow('2 samples have no thirds');
  });
});
