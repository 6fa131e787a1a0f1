/** Core's own part of the configuration: validation, defaults and what editors show, from one source. */
import { z } from 'zod';
import { WATCH_DEFAULTS } from '../health/watch-defaults.js';
import { durationSetting, refusedSetting } from '../settings.js';
import { topicsSchema } from './topics-schema.js';

const positiveInteger = () => z.int().positive();
const text = () => z.string().min(1);
/** An interval or timeout: 0 would never rest. */
const interval = (standard: string) =>
  durationSetting()
    .refine((ms) => ms > 0, { error: 'must be above 0' })
    .prefault(standard);

const rateLimit = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether there is a limit.'),
    ratePerSecond: z.number().positive().default(1000).describe('Messages per second.'),
    burstSize: z.number().min(1).default(100).describe('Messages at once after a pause.'),
  })
  .prefault({});

const errorHandling = z
  .strictObject({
    deadLetterTopic: z
      .string()
      .default('')
      .describe("Where failed messages go. Empty: '<topic>.dlq' for subscribers, nowhere for publishers."),
    maxRetryAttempts: z.int().nonnegative().default(3).describe('Attempts after the first one.'),
    retryBackoffBase: durationSetting().prefault('1s').describe('Pause before the first retry.'),
    retryBackoffMax: durationSetting().prefault('30s').describe('The longest pause between two attempts.'),
  })
  .prefault({});

const publisher = z
  .strictObject({
    maxReconnectAttempts: z
      .int()
      .nonnegative()
      .default(0)
      .describe('Attempts to replace a client that gave up; 0: for ever.'),
    initialBackoff: durationSetting()
      .prefault('1s')
      .describe('Before the second of these attempts, doubled for each one after it.'),
    maxBackoff: durationSetting().prefault('30s').describe('The longest pause between two of them.'),
    maxInFlight: positiveInteger()
      .optional()
      .describe("Unacknowledged publishes at once. Default: the adapter's advice, else 10,000."),
    publishTimeout: durationSetting()
      .prefault('10s')
      .describe('For waiting, sending and acknowledgement of one publish.'),
    backlogDetection: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Whether to watch the queue of publishes.'),
        maxQueueDepth: z.int().default(10_000).describe('Publishes in flight or waiting; 0 or less: off.'),
        maxPublishLatency: durationSetting().prefault('1s').describe('Average latency; 0: off.'),
        rateThreshold: z.number().default(0).describe('Publishes per second; 0 or less: off.'),
        checkInterval: interval('10s').describe('How often to look.'),
      })
      .prefault({}),
    rateLimit,
    errorHandling,
  })
  .prefault({});

const subscriber = z
  .strictObject({
    maxConcurrency: positiveInteger().default(10).describe('Handlers of one subscribe() running at once.'),
    processTimeout: durationSetting().prefault('30s').describe('For one attempt to handle a message.'),
    backlogDetection: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Whether to watch the lag of subscriptions.'),
        maxLagThreshold: z
          .int()
          .nonnegative()
          .default(10_000)
          .describe('Messages behind, per partition; 0: off.'),
        maxTimeThreshold: durationSetting()
          .prefault('5m')
          .describe('Age of the oldest unsettled message; 0: off.'),
        checkInterval: interval('30s').describe('How often to look.'),
      })
      .prefault({}),
    rateLimit,
    errorHandling,
  })
  .prefault({});

const keyedWorkerPool = z
  .strictObject({
    workerCount: positiveInteger().default(256).describe('Aggregates of one subscription handled at once.'),
    queueSize: positiveInteger().default(1000).describe('Messages of one aggregate that may wait.'),
    waitTimeout: durationSetting()
      .prefault('500ms')
      .describe('A wait for room in a lane that is longer than this is logged.'),
  })
  .prefault({});

const probeTopic = text().optional().describe("Default: 'jxt-core-<type>-health-check'.");

const probeWatch = z
  .strictObject({
    topic: text().optional().describe("Default: the publisher's."),
    expectedSource: text()
      .max(256)
      .optional()
      .describe(
        "The service whose probes count. Default: any on the publisher's topic; on others the one that is seen first.",
      ),
    monitorInterval: interval(WATCH_DEFAULTS.monitorInterval).describe('How often to count missed probes.'),
    expectedInterval: durationSetting()
      .refine((ms) => ms > 0, { error: 'must be above 0' })
      .optional()
      .describe("Between two probes of a foreign service. Default: the publisher's interval."),
    warningThreshold: positiveInteger()
      .default(WATCH_DEFAULTS.warningThreshold)
      .describe('Missed probes until a warning.'),
    errorThreshold: positiveInteger()
      .default(WATCH_DEFAULTS.errorThreshold)
      .describe('Missed probes until an error.'),
    criticalThreshold: positiveInteger()
      .default(WATCH_DEFAULTS.criticalThreshold)
      .describe('Missed probes until it is critical.'),
  })
  .refine((it) => it.warningThreshold < it.errorThreshold && it.errorThreshold < it.criticalThreshold, {
    error: 'warningThreshold must be below errorThreshold, and that below criticalThreshold',
  });

const watchOf = ({ topic = '', expectedSource = '' }) => `${topic}\0${expectedSource}`;

/** The settings of a watcher of probes, with every default filled in. */
export type ProbeWatch = z.output<typeof probeWatch>;

const healthCheck = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether to send probes, and to watch those that a subscriber is configured for.'),
    publisher: z
      .strictObject({
        topic: probeTopic,
        interval: interval('2m').describe('Between two probes.'),
        timeout: interval('10s').describe('For one probe.'),
        failureThreshold: positiveInteger().default(3).describe('Failures in a row that make it unhealthy.'),
        messageTTL: interval('5m').describe('Older probes are not counted.'),
      })
      .prefault({}),
    subscriber: probeWatch.optional().describe('Probes to watch: the own ones, or those of another service.'),
    subscribers: z
      .array(probeWatch)
      .refine((all) => new Set(all.map(watchOf)).size === all.length, {
        error: 'must name each topic and expectedSource once',
      })
      .default([])
      .describe('The same for several services, one watcher each.'),
    report: z
      .strictObject({
        maxEventLoopDelay: interval('2s').describe(
          'An event loop that was blocked for longer, in the last half minute, is unhealthy.',
        ),
        stalledAfter: durationSetting()
          .refine((ms) => ms > 0, { error: 'must be above 0' })
          .optional()
          .describe(
            'A consumer whose oldest unsettled message has not moved for so long is unhealthy; some seconds at least, since ' +
              'brokers learn of progress with a delay. Default: all that its attempts and the pauses between them may take.',
          ),
      })
      .prefault({}),
  })
  .prefault({});

const metrics = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether to collect metrics.'),
    type: text().optional().describe("A registered metrics plug-in. Default: 'prometheus'.").meta({
      default: 'prometheus',
    }),
    namespace: text().default('ebus').describe("Prefix of the metrics' names."),
    collectInterval: interval('30s').describe(
      'How often polled gauges, such as lag, are refreshed, and how often metrics are pushed.',
    ),
    exportEndpoint: text().optional().describe('A Pushgateway to push to, if the plug-in can.'),
  })
  .prefault({});

const SDK = 'is a matter of the OpenTelemetry SDK that the application sets up';

const tracing = z
  .strictObject({
    endpoint: refusedSetting(SDK),
    serviceName: refusedSetting(SDK),
    enabled: z.boolean().default(true).describe('Does nothing without an OpenTelemetry SDK.'),
    sampleRate: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe("The share of messages with spans of ebus' own; the context always travels."),
    consumer: z
      .enum(['link', 'parent'])
      .default('parent')
      .describe("How handling relates to the producer's span."),
    baggage: z
      .boolean()
      .default(false)
      .describe('Whether the baggage of a message is active in its handler, and so travels on.'),
  })
  .prefault({});

/** Every key of the configuration that is core's own; transports and extensions add theirs. */
export const commonShape = {
  serviceName: text()
    .optional()
    .describe("Names the service in groups, logs and probes. Default: the adapter's `clientId`."),
  environment: text().optional().describe('Which of `environments` to apply.'),
  connect: z
    .enum(['eager', 'lazy'])
    .default('eager')
    .describe('lazy: createEventBus does not wait for a connection, and goes on trying to make it.'),
  connectTimeout: durationSetting().prefault('10s').describe('For connecting, where it is eager.'),
  publisher,
  subscriber,
  keyedWorkerPool,
  healthCheck,
  metrics,
  tracing,
  topics: topicsSchema.default({}).describe('Topics to configure when the bus is created, by name.'),
  topicConfigStrategy: z
    .enum(['skip', 'createOnly', 'createOrUpdate', 'validateOnly'])
    .default('createOrUpdate')
    .describe('What may be done to topics on the broker.'),
  onMismatch: z
    .enum(['warn', 'fail'])
    .default('warn')
    .describe('What to do about a topic that is not as configured and may not or cannot be changed.'),
  unconfiguredTopics: z
    .enum(['create', 'refuse'])
    .default('create')
    .describe(
      "Topics that are used without being configured: made on first use with the broker's own settings, or refused.",
    ),
  security: refusedSetting(
    'belongs to the transport: move it into the section of kafka or nats, as kafka.security',
  ),
};

const common = z.strictObject(commonShape);

/** The configuration with every default filled in and every duration in milliseconds; topics as they are written. */
export type ResolvedConfig = z.output<typeof common> & {
  readonly type: string;
  readonly transport: unknown;
  /** Sections of extensions, by name; only those that the configuration has. */
  readonly extensions: ReadonlyMap<string, unknown>;
};
