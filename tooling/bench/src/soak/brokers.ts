/** The broker of a run, one of its own, which keeps no more of what passes than it needs. */
import type { EventBusConfig, TopicOptions } from '@ebus/core';
import type { TransportPlugin } from '@ebus/core/driver';
import { startService } from '@ebus/services';
import { TOPIC } from './load.js';

export const ADAPTERS = ['memory', 'nats', 'kafka'] as const;
export type Adapter = (typeof ADAPTERS)[number];

export interface SoakBroker extends AsyncDisposable {
  readonly config: EventBusConfig;
  readonly plugin: TransportPlugin;
}

/** Probes and looks at the lag often, so that many of them are part of a run. */
const COMMON = {
  serviceName: 'soak',
  // A broker on a busy machine may take long.
  connectTimeout: '1m',
  metrics: { collectInterval: '1s' },
  healthCheck: {
    enabled: true,
    publisher: { topic: 'soak.probes', interval: '1s' },
    subscriber: { monitorInterval: '1s' },
  },
  publisher: { publishTimeout: '1m', backlogDetection: { enabled: true, checkInterval: '1s' } },
  subscriber: { backlogDetection: { enabled: true, checkInterval: '1s' } },
} as const;

const topics = (options: TopicOptions, letters: TopicOptions) => ({
  [TOPIC]: { persistence: 'persistent', ...options } as const,
  [`${TOPIC}.dlq`]: { persistence: 'persistent', ...letters } as const,
});

let runs = 0;

export async function soakBroker(adapter: Adapter): Promise<SoakBroker> {
  if (adapter === 'memory') {
    const { memory } = await import('@ebus/memory');
    const config: EventBusConfig = {
      type: 'memory',
      ...COMMON,
      // So little that what the broker itself keeps has its size long before the second third.
      topics: topics({}, { maxMessages: 100 }),
      memory: { broker: `soak-${process.pid}-${++runs}`, bufferSize: 100 },
    };
    return { config, plugin: memory, [Symbol.asyncDispose]: async () => {} };
  }
  const { config, plugin, settings } = await remote(adapter);
  const service = await startService(adapter, { own: true, log: () => {}, ...settings });
  return {
    config: config([...service.addresses]),
    plugin,
    [Symbol.asyncDispose]: () => service.close(),
  };
}

async function remote(adapter: 'nats' | 'kafka'): Promise<{
  readonly plugin: TransportPlugin;
  readonly config: (addresses: string[]) => EventBusConfig;
  /** Lines for the broker's own configuration. */
  readonly settings: { readonly config?: string };
}> {
  if (adapter === 'nats') {
    const { nats } = await import('@ebus/nats');
    return {
      plugin: nats,
      config: (urls) => ({
        type: 'nats',
        ...COMMON,
        topics: topics({ partitions: 4, maxMessages: 100_000 }, { maxMessages: 1_000 }),
        nats: { urls, jetstream: { ackWait: '10s' } },
      }),
      settings: {},
    };
  }
  const { kafka } = await import('@ebus/kafka');
  return {
    plugin: kafka,
    config: (brokers) => ({
      type: 'kafka',
      ...COMMON,
      // For each partition, and in whole segments.
      topics: topics({ partitions: 4, maxSize: '64MB' }, { maxSize: '16MB' }),
      kafka: { brokers, consumer: { heartbeatInterval: '500ms', sessionTimeout: '10s' } },
    }),
    settings: { config: 'log.retention.check.interval.ms=5000\nlog.segment.delete.delay.ms=1000' },
  };
}
