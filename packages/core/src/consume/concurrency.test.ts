/** How many handlers run at once, when that changes under way. */
import { describe, expect, it } from 'vitest';
import type { EventBus } from '../bus/event-bus.js';
import type { SubscribeOptions } from '../consume/types.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { type Deferred, deferred } from '../util/promise.js';

const COUNT = 8;

const envelope = (aggregateId: string) => ({
  key: aggregateId,
  value: JSON.stringify({
    event_id: `${aggregateId}-1`,
    aggregate_id: aggregateId,
    event_type: 'OrderCreated',
    event_version: 1,
    timestamp: '2024-01-01T00:00:00Z',
    payload: {},
  }),
});

type Handler = () => Promise<void>;
const subscribes: Record<
  string,
  (bus: EventBus, handler: Handler, options: SubscribeOptions) => Promise<unknown>
> = {
  ordered: (bus, handler, options) => bus.subscribeEnvelope('orders', handler, options),
  unordered: (bus, handler, options) => bus.subscribe('orders', handler, options),
};

describe.each(Object.keys(subscribes))('%s: fewer handlers than wait behind a pause', (kind) => {
  it('are begun when it ends, and all in time', async () => {
    const { bus, driver } = await scriptedBus();
    const running: Deferred<void>[] = [];
    let most = 0;
    const handler = async () => {
      const mine = deferred<void>();
      running.push(mine);
      most = Math.max(most, running.length);
      await mine.promise;
      running.splice(running.indexOf(mine), 1);
    };
    const subscription = (await subscribes[kind]?.(bus, handler, { concurrency: 6 })) as Awaited<
      ReturnType<EventBus['subscribe']>
    >;
    subscription.pause();
    driver.subscriptions[0]?.deliver(...Array.from({ length: COUNT }, (_, i) => envelope(`order-${i}`)));
    await settle();
    subscription.update({ concurrency: 2 });
    subscription.resume();
    await settle();
    expect(running).toHaveLength(2);
    while (running.length > 0) {
      running[0]?.resolve();
      await settle();
    }
    expect([most, subscription.stats().handled]).toEqual([2, COUNT]);
  });
});
