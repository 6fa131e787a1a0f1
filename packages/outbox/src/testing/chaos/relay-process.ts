/** A service that does nothing but relay, until it is killed: `node relay-process.mjs <postgres> <nats> <schema>`. */
import { createEventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { Pool } from 'pg';
import { OutboxRelay } from '../../index.js';
import { PostgresOutboxStore } from '../../postgres/index.js';

const [postgres, broker, schema] = process.argv.slice(2) as [string, string, string];
const bus = await createEventBus(
  {
    type: 'nats',
    serviceName: 'relay',
    connect: 'lazy',
    nats: { urls: [broker] },
    publisher: { publishTimeout: '3s' },
  },
  { plugins: [nats] },
);
const store = new PostgresOutboxStore(new Pool({ connectionString: postgres, max: 4 }), { schema });
const relay = new OutboxRelay({
  ...{ bus, store },
  lease: '3s',
  pollInterval: '500ms',
  retryBackoff: { base: '100ms', max: '1s' },
});
await relay.start();
process.stdout.write('ready\n');
// Until it is killed.
setInterval(() => {}, 60_000);
