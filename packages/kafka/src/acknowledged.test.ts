import { expect, it } from 'vitest';
import { Acknowledged } from './acknowledged.js';

it('tells an acknowledgement at the offset of an earlier record, for each partition of each topic by itself', () => {
  const acknowledged = new Acknowledged();
  const note = (topic: string, partition: number, ...offsets: number[]) =>
    offsets.map((offset) => acknowledged.note(topic, partition, offset));
  expect(note('orders', 0, 0, 1, 5)).toEqual([true, true, true]);
  expect(note('orders', 3, 0, 1)).toEqual([true, true]);
  expect(note('refunds', 0, 0)).toEqual([true]);
  expect(note('orders', 0, 5, 4, 0, 6)).toEqual([false, false, false, true]);
  // A broker need not say where: then nothing is known of it.
  expect(note('orders', 0, -1, 7)).toEqual([true, true]);
});

it('begins anew with another producer', () => {
  const acknowledged = new Acknowledged();
  acknowledged.note('orders', 0, 7);
  acknowledged.clear();
  expect(acknowledged.note('orders', 0, 0)).toBe(true);
});
