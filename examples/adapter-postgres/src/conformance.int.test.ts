import { fileURLToPath } from 'node:url';
import { runConformance } from '@ebus/conformance';
import { programOf } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { describe, it, vi } from 'vitest';
import { postgres } from './index.js';
import { PostgresBroker } from './testing/postgres-broker.js';
import { PostgresLog } from './testing/postgres-log.js';

vi.setConfig({ testTimeout: 90_000 });

const { addresses } = await sharedService('postgres');
const url = addresses[0] as string;
const schema = `conformance_${process.pid}`;

await runConformance(
  { describe, it },
  {
    name: 'postgres',
    persistence: 'persistent',
    transport: postgres,
    config: {
      type: 'postgres',
      postgres: { url, schema, lease: '2s', pollInterval: '50ms', requestTimeout: '3s' },
    },
    log: new PostgresLog(() => url, schema),
    broker: new PostgresBroker(schema),
    program: await programOf(fileURLToPath(new URL('testing/conformance-process.ts', import.meta.url))),
    // Whatever ebus takes for a topic's name PostgreSQL takes as well.
    invalidTopics: [],
    leases: { ms: 2_000, config: { postgres: { lease: '2s' } } },
    patience: '20s',
  },
);
