import { expect, it } from 'vitest';
import { compareWithin, LogOrder, type LogPlace, logOf, placeId } from './log-order.js';

const place = (offset: string, partition = 0, log?: string): LogPlace => ({
  partition,
  offset,
  ...(log === undefined ? {} : { log }),
});

it('compares offsets as numbers, also beyond those that a number holds', () => {
  expect(compareWithin(place('9'), place('10'))).toBeLessThan(0);
  expect(compareWithin(place('9007199254740993'), place('9007199254740992'))).toBeGreaterThan(0);
  expect(compareWithin(place('5'), place('5'))).toBe(0);
});

it('tells logs apart by partition and incarnation', () => {
  const places = [place('1'), place('1', 1), place('1', 0, 'a'), place('1', 0, 'b')];
  expect(new Set(places.map(logOf)).size).toBe(4);
  expect(new Set(places.map(placeId)).size).toBe(4);
});

it('orders logs as they were noted, and places within them by offset', () => {
  const order = new LogOrder();
  const places = [place('9', 1), place('1', 0), place('2', 1), place('10', 0)];
  for (const one of places) order.note(one);
  expect(places.toSorted((a, b) => order.compare(a, b)).map(placeId)).toEqual(['2 1', '9 1', '1 0', '10 0']);
});
