import { expect, it } from 'vitest';
import { PartitionCredit } from './partition-credit.js';

it('is spread once for all that is settled in a turn of the event loop', () => {
  const turns: (() => void)[] = [];
  let fetched = 0;
  const puller = { outstanding: 0, deliveries: { inHand: 0 }, fetch: () => fetched++ };
  const slot = { partition: 3, credit: { messages: 0, bytes: 0 }, puller };
  const clock = { setImmediate: (turn: () => void) => void turns.push(turn) };
  const credit = new PartitionCredit({ clock, slots: new Map([[3, slot]]), count: () => 2 });
  credit.grant({ messages: 100, bytes: 1_000 });
  credit.spreadSoon();
  credit.spreadSoon();
  expect([turns.length, fetched]).toEqual([1, 0]);
  turns[0]?.();
  expect([fetched, slot.credit]).toEqual([1, { messages: 50, bytes: 500, missing: 0 }]);
  credit.spreadSoon();
  expect(turns.length).toBe(2);
});
