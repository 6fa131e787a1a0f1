import type { SubscriptionSink } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import type { JetStreamDelivery } from './delivery.js';
import { SharedTarget } from './shared-target.js';

function recorded() {
  const calls: unknown[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args]);
  const sink = { push: note('push'), failed: note('failed'), resumed: note('resumed'), lost: note('lost') };
  return { calls, sink: sink as unknown as SubscriptionSink };
}

const delivery = (topic: string, sequence: number) => ({ topic, sequence, size: 10 }) as JetStreamDelivery;

it('asks for nothing until each topic has a subscription, then for what the fullest has room for', () => {
  const target = new SharedTarget(['a', 'b']);
  const one = target.join('a', recorded().sink);
  one.credit = { messages: 100, bytes: 1_000 };
  expect(target.credit).toEqual({ messages: 0, bytes: 0 });
  expect(target.missing).toEqual(['b']);
  const two = target.join('b', recorded().sink);
  two.credit = { messages: 5, bytes: 2_000 };
  expect(target.credit).toEqual({ messages: 5, bytes: 1_000, missing: 0 });
  target.leave('b', one);
  expect(target.missing).toEqual([]);
  target.leave('b', two);
  expect(target.credit).toEqual({ messages: 0, bytes: 0 });
});

it('hands each its own, in order, and tells each what it lost', () => {
  const target = new SharedTarget(['a', 'b']);
  const [a, b] = [recorded(), recorded()];
  const one = target.join('a', a.sink);
  target.join('b', b.sink);
  one.credit = { messages: 10, bytes: 100 };
  const [a1, b2, a3] = [delivery('a', 1), delivery('b', 2), delivery('a', 3)];
  target.push([a1, b2, a3]);
  expect(a.calls).toEqual([['push', [a1, a3]]]);
  expect(b.calls).toEqual([['push', [b2]]]);
  expect(one.credit).toEqual({ messages: 8, bytes: 80 });
  target.lost([a3, b2]);
  expect(a.calls.at(-1)).toEqual(['lost', [a3]]);
  expect(b.calls.at(-1)).toEqual(['lost', [b2]]);
});
