import { expect, it } from 'vitest';
import { KeyLane, laneRing, link, unlink, type Waiting } from './lane.js';

function lane(...items: string[]): KeyLane<string> {
  const made = new KeyLane<string>('a');
  for (const [index, item] of items.entries()) made.enqueue(item, index);
  return made;
}

it('hands its items out in the order in which they came', () => {
  const waiting = lane('1', '2');
  expect([waiting.oldest, waiting.dequeue(), waiting.dequeue(), waiting.waiting]).toEqual(['1', '1', '2', 0]);
  waiting.enqueue('3', 2);
  expect([waiting.oldest, waiting.dequeue()]).toEqual(['3', '3']);
});

it.each([
  [[], ['1', '2', '3']],
  [['1'], ['2', '3']],
  [['2'], ['1', '3']],
  [['3'], ['1', '2']],
  [['1', '2', '3'], []],
])('gives up %j and keeps %j', (wanted, kept) => {
  const waiting = lane('1', '2', '3');
  const taken: Waiting<string>[] = [];
  waiting.take((item) => (wanted as string[]).includes(item), taken);
  expect(taken.map(({ item }) => item)).toEqual(wanted);
  waiting.enqueue('4', 9);
  const left = Array.from({ length: waiting.waiting }, () => waiting.dequeue());
  expect(left).toEqual([...kept, '4']);
});

it('goes to the end of a ring, and leaves it from anywhere', () => {
  const ring = laneRing<string>();
  const [a, b, c] = ['a', 'b', 'c'].map((key) => new KeyLane<string>(key)) as [
    KeyLane<string>,
    KeyLane<string>,
    KeyLane<string>,
  ];
  for (const one of [a, b, c]) link(ring, one);
  unlink(b);
  expect([ring.next, a.next, c.next, b.next]).toEqual([a, c, ring, undefined]);
  unlink(a);
  unlink(c);
  expect(ring.next).toBe(ring);
});
