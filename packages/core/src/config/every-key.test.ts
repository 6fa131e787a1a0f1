/** Every key of core is read by something, or refused: a key that somebody adds and nobody reads fails here. */
import { recordReads, settingsOf } from '@ebus/conformance';
import { memory } from '@ebus/memory';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { TopicSpec } from '../driver/topic-admin.js';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import { definePlugin } from '../registry/plugin.js';
import { Registry } from '../registry/registry.js';
import { toTopicSpec } from '../topics/topic-spec.js';
import type { checkConfig } from './check-config.js';
import { commonShape } from './schema.js';
import { topicSchema } from './topics-schema.js';
import type { CommonConfig } from './types.js';

let read: ReadonlySet<string>;

// What createEventBus gets from the validator remembers what is read of it.
vi.mock('./check-config.js', async (original) => {
  const { checkConfig: check } = await original<{ checkConfig: typeof checkConfig }>();
  return {
    checkConfig: (...args: Parameters<typeof checkConfig>) => {
      const checked = check(...args);
      const recorded = recordReads(checked.resolved);
      read = recorded.read;
      return { ...checked, resolved: recorded.config };
    },
  };
});

const collector = definePlugin({
  kind: 'metrics',
  name: 'collector',
  config: z.strictObject({
    namespace: z.string(),
    exportEndpoint: z.string().optional(),
    collectInterval: z.number(),
  }),
  create: () => new InMemoryMetricsCollector(),
});

/** Everything on that can be. */
const everything: CommonConfig = {
  publisher: {
    rateLimit: { enabled: true },
    errorHandling: { deadLetterTopic: 'rejected' },
    backlogDetection: { enabled: true },
  },
  subscriber: { rateLimit: { enabled: true }, backlogDetection: { enabled: true } },
  healthCheck: { enabled: true, subscriber: {} },
  metrics: { enabled: true, type: 'collector', exportEndpoint: 'http://127.0.0.1:1' },
  tracing: { enabled: true },
  topics: { orders: {} },
};

const registry = new Registry().use(memory).use(collector);
const core = z.strictObject(commonShape);

beforeEach(async () => {
  // Other files of this process may have loaded it without the mock.
  vi.resetModules();
  const { createEventBus } = await import('../bus/create-event-bus.js');
  const bus = await createEventBus({ type: 'memory', ...everything }, { registry });
  await bus.subscribeEnvelope('orders', () => {});
  await bus.subscribe('other', () => {}, { group: 'another' });
  await bus.publishEnvelope('orders', { aggregateId: 'a', eventType: 'A', eventVersion: 1, payload: {} });
  await bus.idle();
  await bus.close();
});

afterAll(() => {
  vi.doUnmock('./check-config.js');
  vi.resetModules();
});

it('is read by a bus that has everything switched on', () => {
  const ignored = settingsOf(core).filter((path) => !path.startsWith('topics.') && !read.has(path));
  expect(ignored).toEqual([]);
});

it('of a topic reaches the driver', () => {
  const options = {
    persistence: 'ephemeral',
    retention: '2h',
    maxSize: '1MB',
    maxMessages: 3,
    replicas: 2,
    partitions: 4,
    compression: 'zstd',
    compressionLevel: 5,
    description: 'all of it',
  } as const;
  expect(Object.keys(options).sort()).toEqual(Object.keys(topicSchema.shape).sort());
  const spec: Required<TopicSpec> = {
    persistence: 'ephemeral',
    retentionMs: 7_200_000,
    maxBytes: 1_048_576,
    maxMessages: 3,
    replicas: 2,
    partitions: 4,
    compression: 'zstd',
    compressionLevel: 5,
    description: 'all of it',
  };
  expect(toTopicSpec('orders', options, 'persistent')).toEqual(spec);
});
