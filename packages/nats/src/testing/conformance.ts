/** The conformance suite on a shared server, and on one that it may break. `EBUS_NATS_NODES=3` runs it on a cluster. */
import { fileURLToPath } from 'node:url';
import { type Harness, runConformance } from '@ebus/conformance';
import { programOf } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { describe, it, vi } from 'vitest';
import { nats } from '../index.js';
import { NatsBroker } from './nats-broker.js';
import { NatsLog } from './nats-log.js';

const program = await programOf(fileURLToPath(new URL('conformance-process.ts', import.meta.url)));

const INVALID_TOPICS = ['a..b', '.a', 'a.', 'a.*', '>'];

export async function conformanceOf(
  version: 'current' | '2.9',
  persistence: 'persistent' | 'ephemeral',
  groups?: NonNullable<Parameters<typeof runConformance>[2]>['groups'],
  partitions = 1,
  ackPolicy: 'explicit' | 'all' = 'explicit',
): Promise<void> {
  vi.setConfig({ testTimeout: 90_000 });
  const nodes = Number(process.env.EBUS_NATS_NODES ?? 1);
  const { addresses } = await sharedService('nats', { version, nodes });
  const parts = [
    `nats ${version}`,
    persistence === 'persistent' ? 'JetStream' : 'Core NATS',
    ...(partitions > 1 ? [`${partitions} partitions`] : []),
    ...(ackPolicy === 'all' ? ['settled by prefix'] : []),
    ...(nodes > 1 ? [`${nodes} nodes`] : []),
  ];
  // Settled messages behind one that stands still are unacknowledged as well.
  const consumer = ackPolicy === 'all' ? { ackPolicy, maxAckPending: 10_000 } : {};
  const harness: Harness = {
    name: parts.join(', '),
    ...(partitions > 1 ? { topicOptions: { partitions } } : {}),
    persistence,
    transport: nats,
    config: {
      type: 'nats',
      nats: {
        urls: [...addresses],
        jetstream: { ackWait: '2s', stream: { storage: 'memory', replicas: nodes }, consumer },
      },
    },
    log: new NatsLog(() => addresses[0] as string, undefined, partitions > 1),
    // It has one node, and the streams of a cluster more replicas than that.
    ...(nodes === 1 ? { broker: new NatsBroker(version) } : {}),
    program,
    // A single active client that falls silent is replaced after ten seconds.
    patience: '40s',
    leases: { ms: 1_000, config: { nats: { jetstream: { ackWait: '1s' } } } },
    invalidTopics: INVALID_TOPICS,
  };
  await runConformance({ describe, it }, harness, groups === undefined ? {} : { groups });
}
