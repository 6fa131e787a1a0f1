/** The `postgres` section of a bus configuration. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import { type Duration, durationSetting, z } from '@ebus/core/driver';

/** What an application writes under `postgres`. Durations are milliseconds or texts such as `30s`. */
export interface PostgresConfig {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** The database schema of the adapter's tables; created if missing. Default `ebus`. */
  schema?: string | undefined;
  /** How long a delivery may stay unsettled before another member gets it. Default 30 s. */
  lease?: Duration | undefined;
  /** After how long a member looks for messages without having been notified. Default 250 ms. */
  pollInterval?: Duration | undefined;
  /** How long one request may take. Default 10 s. */
  requestTimeout?: Duration | undefined;
}

export const postgresConfigSchema = z.strictObject({
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .describe('Where the server is: postgres://user:password@host:port/database.'),
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,39}$/, 'takes a-z, 0-9 and _, 40 characters at most')
    .default('ebus')
    .describe("The database schema of the adapter's tables; created if missing."),
  lease: durationSetting()
    .prefault('30s')
    .describe('How long a delivery may stay unsettled before another member gets it.'),
  pollInterval: durationSetting()
    .prefault('250ms')
    .describe('After how long a member looks for messages without having been notified.'),
  requestTimeout: durationSetting().prefault('10s').describe('How long one request may take.'),
});

/** The settings with their defaults, durations in milliseconds. */
export type PostgresSettings = z.output<typeof postgresConfigSchema>;

declare module '@ebus/core' {
  interface Transports {
    postgres: PostgresConfig;
  }
}
