/** The `healthHttp` section of a bus configuration. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import { z } from '@ebus/core/driver';
import { isPrefix } from './route.js';

/** The section `healthHttp`. Only `port` is required. */
export interface HealthHttpConfig {
  /** Where to listen; 0: any free port, which `healthHttp.address(bus)` tells. */
  port: number;
  /** The address to listen at. Default: all of them, because probes come from outside of a container. */
  host?: string | undefined;
  /** The prefix of the endpoints' paths: with `/ops`, `/ops/health`. Default: none. */
  path?: string | undefined;
  /**
   * Further names for which to answer: `*.example.com` for all below one, `*` for any. Without it: addresses, names without
   * a dot, names that only a private network knows, and this machine's own.
   */
  allowedHosts?: string[] | undefined;
  /** Where to serve `/metrics` apart from the probes; 0: any free port. Default: with them. */
  metricsPort?: number | undefined;
  /** The address for that. Default: `host`. */
  metricsHost?: string | undefined;
}

/** Validates the section. Unknown keys are refused. */
export const healthHttpConfigSchema: z.ZodType<HealthHttpConfig> = z.strictObject({
  port: z.int().min(0).max(65_535).describe('Where to listen; 0: any free port. Required.'),
  host: z.string().min(1).optional().describe('The address to listen at. Default: all of them.'),
  path: z
    .string()
    .refine(isPrefix, { error: "must begin with a slash and have no query, such as '/ops'" })
    .optional()
    .describe("What stands before the endpoints' names, such as `/ops`."),
  allowedHosts: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Further names for which to answer, such as `*.example.com`; addresses and private names need no entry.',
    ),
  metricsPort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Where to serve `/metrics` apart from the probes; 0: any free port. Default: with them.'),
  metricsHost: z.string().min(1).optional().describe('The address for that. Default: that of the probes.'),
});

declare module '@ebus/core' {
  interface Extensions {
    healthHttp: HealthHttpConfig;
  }
}
