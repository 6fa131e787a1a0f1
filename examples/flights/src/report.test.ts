import { describe, expect, it } from 'vitest';
import { airportTable, expectedCounts, type Outcome, problems, table } from './report.js';
import { statisticsOf } from './statistics.js';

const statistics = statisticsOf([
  { date: '2001/01/01 00:47', delay: 3, distance: 100, origin: 'DTW', destination: 'LAS' },
  { date: '2001/01/01 00:48', delay: 4, distance: 300, origin: 'DTW', destination: 'LAS' },
  { date: '2001/01/01 00:49', delay: -9, distance: 2399, origin: 'HNL', destination: 'SFO' },
]);
const expected = expectedCounts(3);
const right: Outcome = { ...expected, statistics, seconds: 1 };

describe('problems', () => {
  it('has nothing to say when every count and figure is right', () => {
    expect(problems(right, expected, statistics)).toEqual([]);
  });

  it('names each count that is off, with both figures', () => {
    const outcome = { ...right, handled: right.handled - 1, orderViolations: 2 };
    expect(problems(outcome, expected, statistics)).toEqual([
      `handled: expected ${right.handled}, got ${right.handled - 1}`,
      'orderViolations: expected 0, got 2',
    ]);
  });

  it('names each airport whose figures are off', () => {
    expect(problems({ ...right, statistics: statisticsOf([]) }, expected, statistics)).toHaveLength(2);
  });
});

describe('expectedCounts', () => {
  it('follows from the 20,000 flights and the events made to fail', () => {
    expect(expected).toEqual({
      published: 20_008,
      handled: 20_005,
      retried: 5 * 2 + 3 * 3,
      deadLettered: 3,
      orderViolations: 0,
    });
  });
});

describe('tables', () => {
  it('lists the busiest airports first, with means', () => {
    expect(airportTable(statistics).split('\n')).toEqual([
      '  airport   flights   mean delay   worst delay   mean distance',
      '  -------   -------   ----------   -----------   -------------',
      '  DTW             2      3.5 min         4 min          200 mi',
      '  HNL             1     -9.0 min        -9 min        2,399 mi',
    ]);
  });

  it('leaves prose at the left and no blanks at the end', () => {
    const lines = table(
      ['what', 'n', ''],
      [
        ['a', '1', 'one'],
        ['b', '20', 'twenty'],
      ],
    ).split('\n');
    expect(lines.slice(2)).toEqual(['  a       1   one', '  b      20   twenty']);
  });
});
