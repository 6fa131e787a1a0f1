/** The `healthHttp` section of a bus configuration. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import { z } from '@ebus/core/driver';
import { isLoopback } from './console/access.js';
import { isToken, isTraceLink, LEAST_TOKEN } from './console/console-options.js';
import { isPrefix } from './route.js';

/** The section `healthHttp.ui`: the console page. Its presence enables it. */
export interface ConsoleConfig {
  /** What the page asks for; at least 16 characters. Required unless it listens on loopback alone. */
  token?: string | undefined;
  /** Redrive, retry, skip and delete. Default false: it only shows. */
  allowActions?: boolean | undefined;
  /** Names of fields and headers whose values are hidden. `consoleHandler` also takes a function. */
  mask?: string[] | undefined;
  /** Where traces are shown, with `{traceId}` in it. Default: no links. */
  traceLink?: string | undefined;
  /** A port of its own; 0: any free one. Default: with the probes. */
  port?: number | undefined;
  /** The address for that. Default: `127.0.0.1`. */
  host?: string | undefined;
}

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
  /** The console page at `/ui`. Default: none. */
  ui?: ConsoleConfig | undefined;
}

const consoleSchema = z.strictObject({
  token: z
    .string()
    .refine(isToken, { error: `must have at least ${LEAST_TOKEN} characters, and no spaces` })
    .optional()
    .describe('What the page asks for. Required unless it listens on loopback alone.'),
  allowActions: z
    .boolean()
    .optional()
    .describe('Redrive, retry, skip and delete. Default: `false`, it only shows.'),
  mask: z
    .array(z.string().min(1))
    .optional()
    .describe('Names of fields and headers whose values are hidden.'),
  traceLink: z
    .string()
    .refine(isTraceLink, { error: 'must be an http address with {traceId} in it' })
    .optional()
    .describe('Where traces are shown, such as `https://traces.example/{traceId}`.'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('A port of its own; 0: any free one. Default: with the probes.'),
  host: z.string().min(1).optional().describe('The address for that. Default: `127.0.0.1`.'),
});

/** Validates the section. Unknown keys are refused. */
export const healthHttpConfigSchema: z.ZodType<HealthHttpConfig> = z
  .strictObject({
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
    ui: consoleSchema.optional().describe('The console page at `/ui`. Default: none.'),
  })
  .refine(
    (config) => config.ui === undefined || config.ui.token !== undefined || isLoopback(consoleHost(config)),
    {
      path: ['ui', 'token'],
      error: 'is missing: the console needs a token unless it listens on loopback alone (host: 127.0.0.1)',
    },
  );

/** Where the console listens; empty for all addresses. */
function consoleHost({ host = '', ui }: HealthHttpConfig): string {
  return ui?.port === undefined ? host : (ui.host ?? '127.0.0.1');
}

declare module '@ebus/core' {
  interface Extensions {
    healthHttp: HealthHttpConfig;
  }
}
