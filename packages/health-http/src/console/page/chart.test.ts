import { expect, it } from 'vitest';
import { areaPath, linePath, trendOf } from './chart.js';

it('draws a line with the newest value at the right edge', () => {
  expect(linePath([], 100, 20, 11)).toBe('');
  expect(linePath([1], 100, 20, 11)).toBe('');
  expect(linePath([0, 10], 100, 20, 11)).toBe('M90 19L100 1');
  expect(areaPath([0, 10], 100, 20, 11)).toBe('M90 19L100 1L100 20L90 20Z');
  expect(linePath([0, 0], 100, 20, 11)).toBe('M90 19L100 19');
});

it('says where it goes', () => {
  expect([trendOf([]), trendOf([1, 2]), trendOf([10, 20]), trendOf([100, 50]), trendOf([100, 103])]).toEqual([
    ...['steady', 'steady', 'growing', 'shrinking', 'steady'],
  ]);
});
