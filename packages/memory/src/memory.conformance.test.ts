import { runConformance } from '@ebus/conformance';
import { describe, it } from 'vitest';
import { memory } from './index.js';

for (const persistence of ['persistent', 'ephemeral'] as const) {
  await runConformance(
    { describe, it },
    {
      name: 'memory',
      persistence,
      transport: memory,
      config: { type: 'memory', memory: { broker: `conformance-${persistence}` } },
    },
  );
}
