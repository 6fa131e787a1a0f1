import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { Completeness } from './completeness.js';

const answer = (unsettled: number, deliveries: number) => ({
  num_ack_pending: unsettled,
  delivered: { consumer_seq: deliveries, stream_seq: deliveries },
});

function made() {
  const clock = new ManualClock();
  return { clock, completeness: new Completeness({ clock, ackWait: 1_000 }) };
}

it('is complete where the server counts no more than is known, and all that follows comes here', () => {
  const { completeness } = made();
  expect(completeness.isComplete).toBe(false);
  completeness.learn(answer(0, 5), 0);
  expect(completeness.isComplete).toBe(true);
  for (const count of [6, 7, 8]) completeness.received(count);
  expect(completeness.isComplete).toBe(true);
});

it.each([
  ['a delivery went elsewhere', (one: Completeness) => one.received(7)],
  ['the server counts anew, as another leader does', (one: Completeness) => one.received(5)],
  ['the connection was interrupted', (one: Completeness) => one.interrupted()],
])('is in doubt where %s, until the server counts what is known', (_, happen) => {
  const { completeness } = made();
  completeness.learn(answer(0, 5), 0);
  happen(completeness);
  expect(completeness.isComplete).toBe(false);
  completeness.learn(answer(2, 7), 1);
  expect(completeness.isComplete).toBe(false);
  completeness.learn(answer(2, 7), 2);
  expect(completeness.isComplete).toBe(true);
});

it('does not trust an answer that does not count the missing delivery yet', () => {
  const { completeness } = made();
  completeness.received(9);
  completeness.learn(answer(1, 7), 1);
  expect(completeness.isComplete).toBe(false);
  completeness.learn(answer(1, 8), 1);
  expect(completeness.isComplete).toBe(true);
});

it('goes on where the stream has lost messages that are known, once any other one would have come again', async () => {
  const { clock, completeness } = made();
  completeness.received(9);
  completeness.learn(answer(1, 9), 3);
  expect(completeness.isComplete).toBe(false);
  await clock.advance(4_001);
  completeness.learn(answer(4, 9), 3);
  expect(completeness.isComplete).toBe(false);
  completeness.learn(answer(1, 9), 3);
  expect(completeness.isComplete).toBe(true);
});
