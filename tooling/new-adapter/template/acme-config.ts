/** The `acme` section of a bus configuration. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import { z } from '@ebus/core/driver';

/** What an application writes under `acme`. */
export interface AcmeConfig {
  /** Where the broker is: `acme://host:port`. */
  url: string;
}

export const acmeConfigSchema = z.strictObject({
  url: z
    .string()
    .regex(/^acme:\/\//, 'must begin with acme://')
    .describe('Where the broker is: acme://host:port.'),
});

/** The settings with their defaults. */
export type AcmeSettings = z.output<typeof acmeConfigSchema>;

declare module '@ebus/core' {
  interface Transports {
    acme: AcmeConfig;
  }
}
