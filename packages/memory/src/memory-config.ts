/** The `memory` section of a bus configuration. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import { z } from '@ebus/core/driver';

/** The section `memory`; every key is optional. */
export interface MemoryConfig {
  /** Buses of one process that name the same broker exchange messages. Default: a broker of the bus's own. */
  broker?: string | undefined;
  /**
   * Unsettled messages per topic and group before publishers wait; also what a persistent topic that no durable
   * group has subscribed to keeps. Default 100,000.
   */
  maxChannelSize?: number | undefined;
  /** Messages kept for replay, per persistent topic, after every group has settled them. Default 1,000. */
  bufferSize?: number | undefined;
}

/** Validates the section. Unknown keys are refused. */
export const memoryConfigSchema: z.ZodType<MemoryConfig> = z.strictObject({
  broker: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Buses of one process that name the same broker exchange messages. Default: one of the bus's own.",
    ),
  maxChannelSize: z
    .int()
    .positive()
    .optional()
    .describe('Unsettled messages per topic and group before publishers wait.')
    .meta({ default: 100_000 }),
  bufferSize: z
    .int()
    .nonnegative()
    .optional()
    .describe('Settled messages kept for replay, per topic.')
    .meta({ default: 1_000 }),
});

declare module '@ebus/core' {
  interface Transports {
    memory: MemoryConfig | undefined;
  }
}
