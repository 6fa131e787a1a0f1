/** The command against a real cluster: an operator finds a poisoned event and redrives it. */
import { createEventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { sharedService } from '@ebus/services';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../conformance/src/test-kit/unique-name.js';
import { Workshop } from './testing/recorded-io.js';

const PATIENCE_MS = 60_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe('ebus on Kafka', () => {
  it('finds a poisoned event, and redrives it once it is mended', { timeout: 180_000 }, async () => {
    const { addresses } = await sharedService('kafka');
    const [service, topic] = [uniqueName('service'), uniqueName('orders')];
    const config = {
      type: 'kafka',
      serviceName: service,
      kafka: { brokers: [...addresses] },
      topics: { [topic]: { partitions: 2 } },
    } as const;
    await using shop = await Workshop.with(config);
    await using bus = await createEventBus(config, { plugins: [kafka], logger: silent });
    let isMended = false;
    const handled: string[] = [];
    const handle = (message: { text(): string }) => {
      if (message.text() === 'poison' && !isMended) throw new Error('no stock');
      handled.push(message.text());
    };
    const subscription = await bus.subscribe(topic, handle, { maxRetries: 0, concurrency: 1 });
    for (const text of ['a', 'poison', 'b']) await bus.publish(topic, text, { key: 'order-1' });
    await eventually(PATIENCE_MS, () => subscription.stats().deadLettered === 1 && handled.length === 2);

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

    const [letter] = await shop.json<{ message: { position: string } }[]>('dlq', 'list', topic);
    const position = letter?.message.position ?? '';
    expect((await shop.run(['dlq', 'show', topic, position])).out).toMatch(/error: +no stock/);
    isMended = true;
    expect(await shop.json('dlq', 'redrive', topic, position, '--yes')).toMatchObject({ redriven: 1 });
    await eventually(PATIENCE_MS, () => handled.includes('poison'));
    expect(await shop.json('dlq', 'list', topic)).toEqual([]);
  });
});
