import { runConformance } from '@ebus/conformance';
import { sharedService } from '@ebus/services';
import { describe, it } from 'vitest';
import { kafka } from './index.js';

/** `EBUS_KAFKA_NODES=3` runs it on a cluster. */
const nodes = Number(process.env.EBUS_KAFKA_NODES ?? 1);
const { addresses } = await sharedService('kafka', { nodes });

for (const persistence of ['persistent', 'ephemeral'] as const) {
  await runConformance(
    { describe, it },
    {
      name: `kafka, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
      persistence,
      transport: kafka,
      config: { type: 'kafka', kafka: { brokers: [...addresses] } },
      topicOptions: { partitions: 4, replicas: nodes },
    },
  );
}
