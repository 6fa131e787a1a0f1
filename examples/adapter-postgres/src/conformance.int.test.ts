import { runConformance } from '@ebus/conformance';
import { sharedService } from '@ebus/services';
import { describe, it } from 'vitest';
import { postgres } from './index.js';

const { addresses } = await sharedService('postgres');

await runConformance(
  { describe, it },
  {
    name: 'postgres',
    persistence: 'persistent',
    transport: postgres,
    config: {
      type: 'postgres',
      postgres: {
        url: addresses[0] as string,
        schema: `conformance_${process.pid}`,
        lease: '2s',
        pollInterval: '50ms',
      },
    },
  },
);
