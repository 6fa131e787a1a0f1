/** Consumers that are stuck while their connection is fine are unhealthy; idle and busy ones are not. */
import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import type { EventBus } from '@ebus/core';
import { type ServiceAddress, sharedService } from '@ebus/services';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafka as plugin } from './index.js';
import {
  type BusSettings,
  Cleanup,
  eventually,
  kafkaBus,
  plainAdmin,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
let broker: ServiceAddress;
beforeAll(async () => {
  broker = await sharedService('kafka');
});
afterEach(() => cleanup.run());

const start = async (topics: Record<string, object>, { kafka, common }: BusSettings = {}) =>
  cleanup.add(
    await kafkaBus(broker.addresses, {
      kafka: { consumer: { heartbeatInterval: '200ms', fetchMaxWait: '50ms' }, ...kafka },
      common: {
        topics,
        subscriber: { backlogDetection: { enabled: true, checkInterval: '100ms' } },
        // Commits are a second apart.
        healthCheck: { report: { stalledAfter: '2500ms' } },
        ...common,
      },
    }),
    (one) => one.close({ timeout: '100ms' }),
  );

async function consumersOf(bus: EventBus) {
  const { status, ready, checks } = await bus.health.report();
  const connection = checks.find(({ name }) => name === 'connection')?.status;
  return { status, ready, connection, reason: checks.find(({ name }) => name === 'consumers')?.reason };
}

const stuckBecause = (bus: EventBus, reason: RegExp) =>
  eventually(async () =>
    expect(await consumersOf(bus)).toEqual({
      status: 'unhealthy',
      ready: false,
      connection: 'healthy',
      reason: expect.stringMatching(reason),
    }),
  );

describe('unhealthy with a connection that is fine', () => {
  it('when the dead-letter topic refuses every message for now', async () => {
    const [topic, refusing] = [uniqueName('topic'), uniqueName('dead')];
    const admin = cleanup.add(await plainAdmin(broker.addresses), (one) => one.disconnect());
    // A compacted topic takes nothing without a key.
    await admin.createTopics({
      topics: [{ topic: refusing, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    });
    const bus = await start({ [topic]: {} });
    const options = { maxRetries: 0, deadLetterTopic: refusing } as const;
    await bus.subscribe(topic, () => Promise.reject(new Error('no')), options);
    await bus.publish(topic, 'x');
    await stuckBecause(bus, /settling is stuck: the oldest of 1 unsettled messages is dead-lettering and/);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: refusing, configEntries: [{ name: 'cleanup.policy', value: 'delete' }] }],
    });
    await eventually(async () => expect((await consumersOf(bus)).status).toBe('healthy'), 'repaired');
  }, 40_000);

  it('when what is settled never arrives as a commit', async () => {
    const topic = uniqueName('topic');
    const bus = await start({ [topic]: {} });
    let handled = 0;
    await bus.subscribe(topic, () => void handled++, { group: 'g' });
    const consumer = plugin.native(bus).consumers.get('g') as KafkaConsumer;
    consumer.commit = () => consumer;
    // More keeps coming, and is handled.
    const publishing = setInterval(() => void bus.publish(topic, 'x').catch(() => {}), 20);
    cleanup.add(publishing, (one) => clearInterval(one));
    await eventually(() => handled > 10);
    await stuckBecause(bus, /the group's position on partition 0 has not moved for \d+(ms|s), \d+ behind/);
  }, 40_000);
});

describe('healthy for as long as it takes', () => {
  it('when nothing comes', async () => {
    const topic = uniqueName('topic');
    const bus = await start({ [topic]: { partitions: 3 } });
    await bus.subscribeEnvelope(topic, () => {});
    const began = performance.now();
    await eventually(async () => {
      expect((await consumersOf(bus)).status).toBe('healthy');
      return performance.now() - began > 4_000;
    });
  }, 40_000);
});
