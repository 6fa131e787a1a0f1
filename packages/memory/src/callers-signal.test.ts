import { getEventListeners } from 'node:events';
import { type Clock, createEventBus, systemClock } from '@ebus/core';
import { expect, it } from 'vitest';
import { memory } from './index.js';

/** Listeners, and the signals that Node keeps a list of because they were made of this one. */
function kept(signal: AbortSignal): number {
  const lists = Object.getOwnPropertySymbols(signal)
    .filter((symbol) => symbol.description === 'kDependantSignals')
    .map((symbol) => (signal as never)[symbol] as { readonly size: number });
  return lists.reduce((sum, { size }) => sum + size, getEventListeners(signal, 'abort').length);
}

it("a caller's signal keeps nothing of the calls that it could have ended", async () => {
  const { signal } = new AbortController();
  const limits: AbortController[] = [];
  const timeout = () => {
    const limit = new AbortController();
    limits.push(limit);
    return limit.signal;
  };
  const clock: Clock = { ...systemClock, timeout };
  await using bus = await createEventBus({ type: 'memory' }, { plugins: [memory], clock, signal });
  const event = (version: number) => ({
    aggregateId: 'order-1',
    eventType: 'OrderPlaced',
    eventVersion: version,
    payload: {},
  });
  const subscription = await bus.subscribeEnvelope('shop.orders', () => {}, { signal });
  await bus.publishEnvelope('shop.orders', event(1), { signal });
  await bus.publishEnvelopes('shop.orders', [event(2), event(3)], { signal });
  await bus.idle({ signal });
  await bus.deadLetters.list('shop.orders', { signal });
  await bus.deadLetters.keys('shop.orders', { signal });
  await bus.deadLetters.redrive('shop.orders', { signal });
  await bus.flush({ signal });
  await subscription.close();
  // Some calls let go of it only when they could have taken no longer.
  for (const limit of limits) limit.abort();
  expect(kept(signal)).toBe(0);
});
