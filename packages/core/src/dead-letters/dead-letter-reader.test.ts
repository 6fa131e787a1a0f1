import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import type { SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { DeadLetterReader } from './dead-letter-reader.js';

class Leased extends ScriptedDriver {
  override leaseMs = 30_000;
  letters = 2;

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
    const lag = async () => [{ partition: 0, lag: this.letters }];
    return Object.assign(await super.subscribe(spec, sink), { lag });
  }
}

const logger = { debug() {}, info() {}, warn() {}, error() {} };

it('renews the leases of all letters that were pushed, until they are settled', async () => {
  const [driver, clock] = [new Leased(), new ManualClock()];
  const { signal } = new AbortController();
  const reader = await DeadLetterReader.open({ driver, topic: 'orders.dlq', clock, logger, signal });
  const below = driver.subscriptions[0]!;
  const letters = reader.messages();
  const first = letters.next();
  below.deliver({ token: 1, value: '' });
  const { value } = await first;
  // The second one comes while the first is being published.
  below.deliver({ token: 2, value: '' });
  await clock.advance(10_000);
  expect(below.extended).toEqual([[1, 2]]);
  await reader.settle(value!, 'handled');
  await letters.next();
  await clock.advance(10_000);
  expect(below.extended).toEqual([[1, 2], [2]]);
  await reader.close();
  expect(clock.pending).toBe(0);
});

const MIB = 1024 * 1024;

it('is granted no more bytes than there is room for beside letters that came already', async () => {
  const [driver, clock] = [new Leased(), new ManualClock()];
  driver.letters = 4;
  const { signal } = new AbortController();
  const reader = await DeadLetterReader.open({ driver, topic: 'orders.dlq', clock, logger, signal });
  const below = driver.subscriptions[0]!;
  const letters = reader.messages();
  const room = () => below.demands.at(-1);
  const next = async () => {
    const { value } = await letters.next();
    return value as IncomingMessage;
  };
  const first = next();
  expect(room()).toEqual({ messages: 4, bytes: 16 * MIB });
  below.deliver({ token: 1, value: '', size: 10 * MIB });
  await first;
  // These come while the one before them is being published.
  below.deliver({ token: 2, value: '', size: 10 * MIB });
  await reader.settle(await first, 'handled');
  const second = await next();
  expect(room()).toEqual({ messages: 2, bytes: 6 * MIB });
  below.deliver({ token: 3, value: '', size: 40 * MIB });
  await reader.settle(second, 'handled');
  const third = await next();
  expect([third.token, below.demands.length]).toEqual([3, 2]);
  await reader.settle(third, 'handled');
  const last = next();
  expect(room()).toEqual({ messages: 1, bytes: 16 * MIB });
  below.deliver({ token: 4, value: '' });
  expect((await last).token).toBe(4);
  await reader.close();
});

it('keeps the leases of letters that stay, takes no room for them, and hands them back first', async () => {
  const [driver, clock] = [new Leased(), new ManualClock()];
  driver.letters = 3;
  const { signal } = new AbortController();
  const reader = await DeadLetterReader.open({ driver, topic: 'orders.dlq', clock, logger, signal });
  const below = driver.subscriptions[0]!;
  const letters = reader.messages();
  const stays = letters.next();
  below.deliver({ token: 1, value: '', size: 20 * MIB });
  await stays;
  const next = letters.next();
  expect(below.demands.at(-1)).toEqual({ messages: 2, bytes: 16 * MIB });
  below.deliver({ token: 2, value: '' }, { token: 3, value: '' });
  await next;
  await clock.advance(10_000);
  expect(below.extended).toEqual([[1, 2, 3]]);
  await reader.close();
  expect(below.settled.map(({ token }) => token)).toEqual([1, 2, 3]);
});
