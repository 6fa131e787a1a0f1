import { describe, expect, it } from 'vitest';
import type { Flight } from './flights.js';
import { differences, OrderCheck, statisticsOf } from './statistics.js';

const flight = (origin: string, delay: number, distance = 100): Flight => ({
  date: '2001/01/01 00:47',
  delay,
  distance,
  origin,
  destination: 'LAS',
});

describe('statistics', () => {
  it('sums up per airport of departure', () => {
    const statistics = statisticsOf([flight('DTW', 66), flight('HNL', -5), flight('DTW', -6, 50)]);
    expect(statistics.get('DTW')).toEqual({ flights: 2, delay: 60, distance: 150, worstDelay: 66 });
    expect(statistics.get('HNL')).toEqual({ flights: 1, delay: -5, distance: 100, worstDelay: -5 });
  });

  it('finds no difference between equal figures, whatever the order of the airports', () => {
    const one = statisticsOf([flight('DTW', 1), flight('HNL', 2)]);
    const other = statisticsOf([flight('HNL', 2), flight('DTW', 1)]);
    expect(differences(one, other)).toEqual([]);
  });

  it('names every airport that differs, is missing or should not be there', () => {
    const actual = statisticsOf([flight('DTW', 1), flight('LAX', 2)]);
    const expected = statisticsOf([flight('DTW', 2), flight('HNL', 2)]);
    expect(differences(actual, expected).map((line) => line.slice(0, 3))).toEqual(['DTW', 'HNL', 'LAX']);
  });
});

describe('OrderCheck', () => {
  /** Shows the check a list of [version, attempt] of one airport. */
  const violations = (...seen: [version: number, attempt: number][]): number => {
    const check = new OrderCheck();
    for (const [version, attempt] of seen) check.see('DTW', version, attempt);
    return check.violations;
  };

  it('accepts events in order, with their retries', () => {
    expect(violations([1, 1], [2, 1], [2, 2], [2, 3], [3, 1])).toBe(0);
  });

  it('counts an event that is missing, comes twice or overtakes a retry', () => {
    expect(violations([1, 1], [3, 1])).toBe(1);
    expect(violations([1, 1], [1, 1])).toBe(1);
    expect(violations([1, 1], [2, 1], [1, 2])).toBe(1);
  });

  it('knows each airport by itself', () => {
    const check = new OrderCheck();
    check.see('DTW', 1, 1);
    check.see('HNL', 1, 1);
    check.see('DTW', 2, 1);
    expect(check.violations).toBe(0);
  });
});
