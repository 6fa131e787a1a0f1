/** The conformance suite on a shared broker. `EBUS_KAFKA_NODES=3` runs it on a cluster. */
import { runConformance } from '@ebus/conformance';
import { sharedService } from '@ebus/services';
import { describe, it, vi } from 'vitest';
import { kafka } from '../index.js';

/**
 * A fetch that is under way when a partition is assigned ends first, and members learn by a heartbeat that others came:
 * hundreds of tests should not wait for that.
 */
const QUICK = { fetchMaxWait: '50ms', heartbeatInterval: '200ms' } as const;

export async function conformanceOf(persistence: 'persistent' | 'ephemeral'): Promise<void> {
  vi.setConfig({ testTimeout: 45_000 });
  const nodes = Number(process.env.EBUS_KAFKA_NODES ?? 1);
  const { addresses } = await sharedService('kafka', { nodes });
  await runConformance(
    { describe, it },
    {
      name: `kafka, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
      persistence,
      transport: kafka,
      config: { type: 'kafka', kafka: { brokers: [...addresses], consumer: QUICK } },
      // A broker takes a while to make hundreds of partitions.
      patience: '25s',
      topicOptions: { partitions: 4, replicas: nodes },
    },
  );
}
