/** Validation and defaults of the configuration, from one source. */
import { z } from 'zod';
import { parseDuration } from '../duration.js';

/** A duration in the configuration, read as milliseconds. */
export function duration(fallback: number | string) {
  return z
    .union([z.number(), z.string()])
    .default(fallback)
    .transform((value, context) => {
      try {
        return parseDuration(value as Parameters<typeof parseDuration>[0]);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });
}

const positiveInteger = z.int().positive();

const rateLimit = z
  .strictObject({
    enabled: z.boolean().default(false),
    ratePerSecond: z.number().positive().default(1000),
    burstSize: z.number().min(1).default(100),
  })
  .prefault({});

const errorHandling = z
  .strictObject({
    deadLetterTopic: z.string().default(''),
    maxRetryAttempts: z.int().nonnegative().default(3),
    retryBackoffBase: duration('1s'),
    retryBackoffMax: duration('30s'),
  })
  .prefault({});

/** Every key of the configuration that is core's own; transports and extensions add theirs. */
export const commonShape = {
  serviceName: z.string().min(1).default('ebus'),
  environment: z.string().optional(),
  connect: z.enum(['eager', 'lazy']).default('eager'),
  connectTimeout: duration('10s'),
  publisher: z
    .strictObject({
      maxReconnectAttempts: z.int().nonnegative().default(0),
      initialBackoff: duration('1s'),
      maxBackoff: duration('30s'),
      maxInFlight: positiveInteger.optional(),
      publishTimeout: duration('10s'),
      rateLimit,
      errorHandling,
    })
    .prefault({}),
  subscriber: z
    .strictObject({
      maxConcurrency: positiveInteger.default(10),
      processTimeout: duration('30s'),
      rateLimit,
      errorHandling,
    })
    .prefault({}),
  keyedWorkerPool: z
    .strictObject({
      workerCount: positiveInteger.default(256),
      queueSize: positiveInteger.default(1000),
      waitTimeout: duration('500ms'),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      enabled: z.boolean().default(false),
      type: z.string().optional(),
      namespace: z.string().min(1).default('ebus'),
    })
    .prefault({}),
  tracing: z
    .strictObject({
      enabled: z.boolean().default(true),
      sampleRate: z.number().min(0).max(1).default(1),
      consumer: z.enum(['link', 'parent']).default('parent'),
    })
    .prefault({}),
  /** Checked field by field when the topics are configured. */
  topics: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  topicConfigStrategy: z
    .enum(['skip', 'createOnly', 'createOrUpdate', 'validateOnly'])
    .default('createOrUpdate'),
  onMismatch: z.enum(['warn', 'fail']).default('warn'),
};

const common = z.strictObject(commonShape);

/** The configuration with every default filled in and every duration in milliseconds. */
export type ResolvedConfig = z.output<typeof common> & {
  readonly type: string;
  readonly transport: unknown;
  /** Sections of extensions, by name; only those that the configuration has. */
  readonly extensions: ReadonlyMap<string, unknown>;
};
