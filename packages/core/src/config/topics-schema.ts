/** The options of topics in a configuration. Their meaning is checked by topics/, when they are configured. */
import { z } from 'zod';
import { writtenDuration, writtenSize } from '../settings.js';
import { isValidTopicName, validateTopicName } from '../topic-name.js';

/** One topic's options, as they are written. Unknown keys are refused. */
export const topicSchema = z.strictObject({
  persistence: z
    .enum(['persistent', 'ephemeral', 'auto'])
    .optional()
    .describe("Whether the broker keeps messages. auto: the adapter's global setting.")
    .meta({ default: 'auto' }),
  retention: writtenDuration()
    .optional()
    .describe('How long messages are kept; `0`: for ever.')
    .meta({ default: '7d' }),
  maxSize: z
    .union([z.literal(-1), writtenSize()])
    .optional()
    .describe('Bytes kept; the oldest go first. `0` or `-1`: no limit, the default.'),
  maxMessages: z
    .int()
    .min(-1)
    .optional()
    .describe('Messages kept; the oldest go first. `0` or `-1`: no limit, the default.'),
  replicas: z.int().positive().optional().describe('Copies on the broker.').meta({ default: 1 }),
  partitions: z.int().positive().optional().describe('Where the broker has them.').meta({ default: 1 }),
  compression: z
    .enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
    .optional()
    .describe('Where the broker has it.')
    .meta({ default: 'none' }),
  compressionLevel: z.int().optional().describe("Default: the algorithm's."),
  description: z.string().optional().describe('For people.'),
});

/** Topics by name, every option as it is written. */
export const topicsSchema = z.record(
  z.string().superRefine((name, context) => {
    if (isValidTopicName(name)) return;
    try {
      validateTopicName(name);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  }),
  topicSchema,
);
