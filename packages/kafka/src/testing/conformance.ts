/** The conformance suite on a shared broker, and on one that it may break. `EBUS_KAFKA_NODES=3` runs it on a cluster. */
import { fileURLToPath } from 'node:url';
import { type GroupName, type Harness, runConformance } from '@ebus/conformance';
import { programOf } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { describe, it, vi } from 'vitest';
import { kafka } from '../index.js';
import { KafkaBroker } from './kafka-broker.js';
import { KafkaLog } from './kafka-log.js';

/**
 * A fetch that is under way when a partition is assigned ends first, and members learn by a heartbeat that others came:
 * hundreds of tests should not wait for that. Nor for members that are gone.
 */
const QUICK = { fetchMaxWait: '50ms', heartbeatInterval: '200ms', sessionTimeout: '4s' } as const;
/** Brokers are killed often, and are back soon. */
const BACK_SOON = { 'reconnect.backoff.max.ms': 500 } as const;

const LEASE_MS = 2_000;

/** Groups about failures, in a file of their own: every test waits for its member to join. */
export const failureGroups: readonly GroupName[] = [
  'retry',
  'permanent failures',
  'dead letters',
  'redrive',
  'redrive trouble',
  'browse',
  'halt',
  'parked keys',
  'processing timeout',
  'backpressure',
  'pausing',
  'updating',
  'idle',
];

export async function conformanceOf(
  persistence: 'persistent' | 'ephemeral',
  groups?: readonly GroupName[],
): Promise<void> {
  vi.setConfig({ testTimeout: 110_000 });
  const nodes = Number(process.env.EBUS_KAFKA_NODES ?? 1);
  const { addresses } = await sharedService('kafka', { nodes });
  const harness: Harness = {
    name: `kafka, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
    persistence,
    transport: kafka,
    config: { type: 'kafka', kafka: { brokers: [...addresses], consumer: QUICK, librdkafka: BACK_SOON } },
    // A broker takes a while to make hundreds of partitions.
    patience: '25s',
    topicOptions: { partitions: 4, replicas: nodes },
    log: new KafkaLog(() => addresses[0] as string),
    // It has one node, and the topics of a cluster more replicas than that.
    ...(nodes === 1 ? { broker: new KafkaBroker() } : {}),
    program: await programOf(fileURLToPath(new URL('conformance-process.ts', import.meta.url))),
    leases: {
      ms: LEASE_MS,
      config: { kafka: { consumer: { sessionTimeout: LEASE_MS, maxProcessingTime: LEASE_MS } } },
    },
    invalidTopics: ['.', '..', 'a/b', 'a:b', 'a*', 'x'.repeat(250)],
  };
  await runConformance({ describe, it }, harness, groups === undefined ? {} : { groups });
}
