/** `bus.idle()` is true, a thousand times. */
import { createEventBus } from '@ebus/core';
import { expect, it } from 'vitest';
import { memory } from './index.js';

it.each([1, 2])(
  'is true in 1,000 of 1,000 rounds, with %d buses on the broker',
  async (count) => {
    const config = { type: 'memory', serviceName: 'shop', memory: { broker: `idle-${count}` } } as const;
    const buses = await Promise.all(
      Array.from({ length: count }, () => createEventBus(config, { plugins: [memory] })),
    );
    let handled = 0;
    let published = 0;
    let early = 0;
    for (const bus of buses) {
      await bus.subscribeEnvelope('orders', async () => {
        await new Promise((resolve) => setImmediate(resolve));
        handled++;
      });
    }
    const [bus] = buses as [(typeof buses)[number]];
    for (let round = 0; round < 1_000; round++) {
      for (let n = 0; n <= round % 5; n++) {
        published++;
        const sent = bus.publishEnvelope('orders', {
          aggregateId: `o-${n}`,
          eventType: 'OrderPlaced',
          eventVersion: 1,
          payload: round,
        });
        if (round % 2 === 0) await sent;
      }
      await bus.idle({ timeout: '1m' });
      if (handled !== published) early++;
    }
    expect(early).toBe(0);
    for (const one of buses) await one.close();
  },
  60_000,
);
