import { expect, it } from 'vitest';
import { leftBefore } from './line.js';

const at = (floor: number, delivered: number, unsettled: number, undelivered: number) => ({
  ack_floor: { stream_seq: floor, consumer_seq: 0, last_active: 0 },
  delivered: { stream_seq: delivered, consumer_seq: 0, last_active: 0 },
  num_ack_pending: unsettled,
  num_pending: undelivered,
});

it('knows what is left before the line', () => {
  expect(leftBefore(10, at(3, 7, 0, 3))).toBe('undelivered');
  expect(leftBefore(10, at(3, 7, 4, 3))).toBe('undelivered');
  expect(leftBefore(10, at(7, 10, 3, 0))).toBe('elsewhere');
  expect(leftBefore(10, at(10, 12, 2, 5))).toBe('nothing');
  expect(leftBefore(10, at(9, 9, 0, 0))).toBe('nothing');
  expect(leftBefore(0, at(0, 0, 0, 0))).toBe('nothing');
});
