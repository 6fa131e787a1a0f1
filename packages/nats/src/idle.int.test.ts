/** `bus.idle()` is true, a thousand times. */
import { sharedService } from '@ebus/services';
import { expect, it } from 'vitest';
import { natsBus, uniqueName } from './testing/harness.js';

const ROUNDS = 1_000;

it.each(['persistent', 'ephemeral'] as const)(
  'is true in all rounds, on %s topics',
  async (persistence) => {
    const { addresses } = await sharedService('nats');
    const topic = uniqueName('idle');
    await using bus = await natsBus(addresses, { common: { topics: { [topic]: { persistence } } } });
    let handled = 0;
    let published = 0;
    let early = 0;
    await bus.subscribeEnvelope(topic, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      handled++;
    });
    for (let round = 0; round < ROUNDS; round++) {
      for (let n = 0; n <= round % 5; n++) {
        const eventVersion = ++published;
        await bus.publishEnvelope(topic, {
          aggregateId: `o-${n}`,
          eventType: 'Placed',
          eventVersion,
          payload: 1,
        });
      }
      await bus.idle({ timeout: '30s' });
      if (handled !== published) early++;
    }
    expect(early).toBe(0);
  },
  600_000,
);
