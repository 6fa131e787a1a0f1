import type { Clock } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { RefusedMessages } from './refused-messages.js';

function made() {
  const clock = { now: 0, monotonic: () => clock.now };
  const refused = new RefusedMessages(clock as unknown as Clock);
  const pass = (ms: number) => {
    clock.now += ms;
  };
  return { refused, pass };
}

it('counts each once, and none that came after', () => {
  const { refused } = made();
  for (const sequence of [3, 5, 9, 5]) refused.add(sequence);
  expect([refused.countThrough(2), refused.countThrough(5), refused.countThrough(9)]).toEqual([0, 2, 3]);
  refused.clear();
  expect(refused.countThrough(9)).toBe(0);
});

it('forgets what does not come again: it was settled, or is gone', () => {
  const { refused, pass } = made();
  refused.add(1);
  refused.add(2);
  pass(2_000);
  refused.add(2);
  pass(2_000);
  expect(refused.countThrough(9)).toBe(1);
});
