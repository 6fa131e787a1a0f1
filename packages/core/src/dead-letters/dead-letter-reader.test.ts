import { expect, it } from 'vitest';
import type { SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { DeadLetterReader } from './dead-letter-reader.js';

class Leased extends ScriptedDriver {
  override leaseMs = 30_000;

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
    const lag = async () => [{ partition: 0, lag: 2 }];
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
