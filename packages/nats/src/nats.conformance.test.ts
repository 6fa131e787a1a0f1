import { runConformance } from '@ebus/conformance';
import { sharedService } from '@ebus/services';
import { describe, it } from 'vitest';
import { nats } from './index.js';

for (const version of ['current', '2.9']) {
  const { addresses } = await sharedService('nats', { version });
  for (const persistence of ['persistent', 'ephemeral'] as const) {
    await runConformance(
      { describe, it },
      {
        name: `nats ${version}, ${persistence === 'persistent' ? 'JetStream' : 'Core NATS'}`,
        persistence,
        transport: nats,
        config: {
          type: 'nats',
          nats: { urls: [...addresses], jetstream: { ackWait: '2s', stream: { storage: 'memory' } } },
        },
      },
    );
  }
}
