import { systemClock } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { SingleDeliveries } from './deliveries.js';
import { Line, leftBefore } from './line.js';

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
  expect(leftBefore(0, at(0, 0, 0, 0))).toBe('nothing');
});

it('is unsure where the consumer counts no message, and has not delivered all', () => {
  expect(leftBefore(10, at(9, 9, 0, 0))).toBe('unsure');
  expect(leftBefore(10, at(7, 9, 2, 0))).toBe('unsure');
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Goes through the server's answers, the last of which stays. */
async function lookups(answers: ReturnType<typeof at>[], stored: boolean): Promise<number> {
  let asked = 0;
  const line = new Line({
    ...{ through: 10, topic: 'orders', ackWait: 30_000, clock: systemClock, logger: silent },
    deliveries: new SingleDeliveries(),
    info: async () => answers[Math.min(asked++, answers.length - 1)] as ConsumerInfo,
    isStored: async () => stored,
  });
  expect(await line.reached()).toBe(true);
  return asked;
}

it('waits for messages that the server has stored, and the consumer has not counted yet', async () => {
  expect(await lookups([at(8, 8, 0, 0), at(8, 8, 0, 2), at(10, 10, 0, 0)], true)).toBe(3);
});

it('does not wait for messages that have gone from the stream', async () => {
  expect(await lookups([at(8, 8, 0, 0)], false)).toBe(1);
});
