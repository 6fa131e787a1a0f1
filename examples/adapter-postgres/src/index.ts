/** An adapter over PostgreSQL. */
import { definePlugin } from '@ebus/core/driver';
import { postgresConfigSchema } from './postgres-config.js';
import { PostgresDriver } from './postgres-driver.js';

export type { PostgresConfig } from './postgres-config.js';

export const postgres = definePlugin({
  kind: 'transport',
  name: 'postgres',
  config: postgresConfigSchema,
  create: (settings) => new PostgresDriver(settings),
});
