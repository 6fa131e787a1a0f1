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
        // The server gives a pinned client that left 10 s before it chooses another one.
        patience: '13s',
        transport: nats,
        config: {
          type: 'nats',
          nats: { urls: [...addresses], jetstream: { ackWait: '2s', stream: { storage: 'memory' } } },
        },
      },
    );
  }
}
