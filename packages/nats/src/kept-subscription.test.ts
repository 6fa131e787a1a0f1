import type { Subscription } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import { KeptSubscription } from './kept-subscription.js';
import type { Link, OnMessage } from './link.js';

const AGAIN_MS = 2_000;
const denial = () => new Error('Permissions Violation');

function made() {
  const clock = new ManualClock();
  const listeners: OnMessage[] = [];
  let answer = () => {};
  const link = {
    clock,
    isClosed: false,
    subscribe: (_: string, listener: OnMessage) => {
      listeners.push(listener);
      return { unsubscribe: () => {}, isClosed: () => true } as unknown as Subscription;
    },
    connection: {
      flush: () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    },
  };
  const told: string[] = [];
  const kept = new KeptSubscription(
    link as unknown as Link,
    'subject',
    (error) => void told.push(error?.message ?? 'message'),
    { onTaken: () => void told.push('taken') },
  );
  const deny = () => listeners.at(-1)?.(denial(), {} as never);
  const flushed = async () => {
    answer();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { clock, link, kept, told, deny, flushed, subscribed: () => listeners.length };
}

it('is made again after each refusal, and tells when it is taken', async () => {
  const { clock, kept, told, deny, flushed, subscribed } = made();
  deny();
  expect([kept.denied?.message, subscribed()]).toEqual(['Permissions Violation', 1]);
  await clock.advance(AGAIN_MS);
  deny();
  await flushed();
  expect([subscribed(), kept.denied === undefined]).toEqual([2, false]);
  await clock.advance(AGAIN_MS);
  await flushed();
  expect([subscribed(), kept.denied]).toEqual([3, undefined]);
  expect(told).toEqual(['Permissions Violation', 'Permissions Violation', 'taken']);
});

it.each(['unsubscribed', 'drained', 'closed'])('is not made again once %s', async (how) => {
  const { clock, link, kept, deny, subscribed, told } = made();
  deny();
  if (how === 'unsubscribed') kept.unsubscribe();
  else if (how === 'drained') await kept.drain();
  else link.isClosed = true;
  await clock.advance(AGAIN_MS);
  expect([subscribed(), told]).toEqual([1, ['Permissions Violation']]);
});
