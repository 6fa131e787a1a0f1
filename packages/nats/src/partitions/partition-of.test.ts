import { expect, it } from 'vitest';
import { partitionOf } from './partition-of.js';

it('is the partition that librdkafka and sarama choose', () => {
  // Of 'order-1' the signed hash is negative.
  const keys = ['a', 'order-1', 'order-123', 'aggregate-1', 'agg-123', 'ключ'];
  expect(keys.map((key) => partitionOf(key, 12))).toMatchInlineSnapshot(`
    [
      0,
      1,
      6,
      10,
      9,
      11,
    ]
  `);
  expect(keys.map((key) => partitionOf(key, 1))).toEqual([0, 0, 0, 0, 0, 0]);
});
