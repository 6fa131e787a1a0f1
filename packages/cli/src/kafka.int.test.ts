/** The command against a real cluster: an operator finds a poisoned event and redrives it. */
import { kafka } from '@ebus/kafka';
import { sharedService } from '@ebus/services';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../conformance/src/test-kit/eventually.js';
import { PATIENCE_MS, poisonedService } from './testing/poisoned-service.js';

describe('ebus on Kafka', () => {
  it('finds a poisoned event, and redrives it once it is mended', { timeout: 180_000 }, async () => {
    const { addresses } = await sharedService('kafka');
    const section = { type: 'kafka', kafka: { brokers: [...addresses] } };
    await using poisoned = await poisonedService(kafka, section, { partitions: 2 });
    const { service, topic, shop, redrive } = poisoned;
    expect(await shop.json('topics', 'list')).toContainEqual(
      expect.objectContaining({ name: topic, messages: 3, partitions: 2, configured: true }),
    );
    expect(await shop.tail(topic, 'order-1')).toEqual(['a', 'poison', 'b']);
    const found = await shop.json<{ code: string }[]>('doctor');
    expect(found.map(({ code }) => code)).toContain('dead-letters');
    // What is committed is told a moment later.
    await eventually(PATIENCE_MS, async () => {
      expect(await shop.json('groups', topic)).toMatchObject([{ group: service, members: 1, lag: 0 }]);
    });
    expect(await redrive()).toEqual({
      shown: expect.stringMatching(/error: +no stock/),
      redriven: expect.objectContaining({ redriven: 1 }),
      left: [],
    });
  });
});
