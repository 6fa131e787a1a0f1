/** The transport and the database: both within this process, or a broker and a PostgreSQL that are started for it. */
import type { EventBusConfig } from '@ebus/core';
import { startService } from '@ebus/services';
import type { TransportName } from './arguments.js';
import { type Database, embeddedDatabase, postgresDatabase } from './database.js';

export interface Surroundings {
  /** For people: what runs, and where it came from. */
  readonly on: string;
  readonly config: EventBusConfig;
  readonly database: Database;
  /** The address of the PostgreSQL server; undefined for the embedded database, which no other process can open. */
  readonly databaseUrl: string | undefined;
  close(): Promise<void>;
}

export async function startSurroundings(transport: TransportName): Promise<Surroundings> {
  if (transport === 'memory') {
    const database = await embeddedDatabase();
    const config: EventBusConfig = { type: 'memory', serviceName: 'orders' };
    return {
      on: 'PGlite and the in-process transport',
      ...{ config, database, databaseUrl: undefined },
      close: () => database.close(),
    };
  }
  const postgres = await startService('postgres', { own: true });
  const broker = await startService(transport, { own: true }).catch(async (error: unknown) => {
    await postgres.close();
    throw error;
  });
  const [databaseUrl = ''] = postgres.addresses;
  const database = await postgresDatabase(databaseUrl);
  const addresses = [...broker.addresses];
  return {
    on: `PostgreSQL ${postgres.version} and ${transport} ${broker.version}`,
    config:
      transport === 'nats'
        ? { type: 'nats', serviceName: 'orders', nats: { urls: addresses } }
        : { type: 'kafka', serviceName: 'orders', kafka: { brokers: addresses } },
    ...{ database, databaseUrl },
    close: async () => {
      await database.close();
      await Promise.all([broker.close(), postgres.close()]);
    },
  };
}
