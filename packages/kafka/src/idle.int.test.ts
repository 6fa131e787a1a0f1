/** `bus.idle()` is true, a thousand times. */
import { sharedService } from '@ebus/services';
import { expect, it } from 'vitest';
import { kafkaBus, uniqueName } from './testing/harness.js';

it.each([
  [1, 100],
  [3, 1_000],
])(
  'is true on %d partitions in all of %d rounds',
  async (partitions, rounds) => {
    const { addresses } = await sharedService('kafka');
    const topic = uniqueName('idle');
    await using bus = await kafkaBus(addresses, { common: { topics: { [topic]: { partitions } } } });
    let handled = 0;
    let published = 0;
    let early = 0;
    await bus.subscribeEnvelope(topic, () => void handled++);
    for (let round = 0; round < rounds; round++) {
      for (let n = 0; n <= round % 3; n++) {
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
