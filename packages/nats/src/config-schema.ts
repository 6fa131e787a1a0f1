/** Checks and defaults of the `nats` section. What each key means: `nats-config.ts`. */
import { durationSetting, refusedSetting, sizeSetting, z } from '@ebus/core/driver';
import { security, url } from './security-schema.js';

/** Defaults of the configured stream where it is made. Durations in milliseconds. */
export const STREAM_DEFAULTS = {
  storage: 'file',
  replicas: 1,
  maxAge: 24 * 3_600_000,
  maxBytes: -1,
  maxMsgs: -1,
  discard: 'old',
} as const;

const size = z.union([z.literal(-1), sizeSetting()]).optional();

/** A key whose only value is the default; others are refused, with the reason. */
const only = <Value extends string>(value: Value, why: string) =>
  z.literal(value, { error: `must be '${value}': ${why}` }).default(value);

/** A key that other tools have and that cannot be honoured here. */
const refused = (why: string) => z.undefined({ error: `is not supported: ${why}` }).optional();

const limit = z.union([z.literal(-1), z.int().positive()]).optional();
const text = z.string().min(1);
const deliveries = z
  .int()
  .refine((value) => value === -1 || value > 0, { error: 'must be positive, or -1 for no limit' })
  .optional();

/** Without wildcards in the wrong place or empty tokens. */
const subject = z.string().regex(/^(?:[^\s.*>]+|\*)(?:\.(?:[^\s.*>]+|\*))*(?:\.>)?$|^>$/, {
  error: "must be a NATS subject such as 'orders.created', 'orders.*' or 'orders.>'",
});

/**
 * Without defaults: of a stream that exists only written settings are changed. The defaults are those of
 * `configuredStream`.
 */
const stream = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\s.*>/\\]+$/, { error: "must be a stream name: no spaces, '.', '*', '>', '/' or '\\'" })
      .optional()
      .describe('The stream that holds the topics which `subjects` cover. Default: a stream per topic.'),
    subjects: z
      .array(subject)
      .min(1)
      .optional()
      .describe('Subjects of the stream, wildcards allowed; goes with `name`.'),
    retention: only('limits', 'the others remove messages that some groups have not seen').describe(
      'Only `limits`: the others remove messages that some group has not seen.',
    ),
    storage: z
      .enum(['file', 'memory'])
      .optional()
      .describe('Also for the streams of single topics.')
      .meta({ default: STREAM_DEFAULTS.storage }),
    replicas: z
      .int()
      .min(1)
      .max(5)
      .optional()
      .describe('Copies of the stream, 1 to 5. Also for the streams of single topics.')
      .meta({ default: STREAM_DEFAULTS.replicas }),
    maxAge: durationSetting().optional().describe('How long messages are kept; 0: for ever. Default: 24h.'),
    maxBytes: size.describe('Bytes kept; -1, the default: no limit.'),
    maxMsgs: limit.describe('Messages kept; -1: no limit.').meta({ default: STREAM_DEFAULTS.maxMsgs }),
    discard: z
      .enum(['old', 'new'])
      .optional()
      .describe(
        'What a full stream does: forget the oldest, or refuse the newest. Also for the streams of single topics.',
      )
      .meta({ default: STREAM_DEFAULTS.discard }),
  })
  .refine((value) => (value.name === undefined) === (value.subjects === undefined), {
    error: 'name and subjects go together: the subjects say which topics the stream holds',
  })
  .prefault({});

const consumer = z
  .strictObject({
    durableName: text
      .optional()
      .describe('The group of subscriptions that name none. Default: the service name.'),
    name: z
      .string()
      .regex(/^(?=.*\{group\})(?=.*\{topic\})(?:[A-Za-z0-9_-]|\{group\}|\{topic\})+$/, {
        error: "must contain '{group}' and '{topic}', and else only letters, digits, '_' and '-'",
      })
      .default('{group}-{topic}')
      .describe('Names of the durable consumers; `{topic}` has `_` for `.`.'),
    startSequence: z
      .int()
      .positive()
      .optional()
      .describe('The stream sequence at which a durable consumer begins that is made.'),
    topics: z.array(text).default([]).describe('Topics that share one consumer per stream and group.'),
    deliverPolicy: z
      .enum(['all', 'new'])
      .default('all')
      .describe('Where a group without a position starts if the subscription does not say.'),
    ackPolicy: z
      .enum(['explicit', 'all'], {
        error: "must be 'explicit' or 'all': 'none' settles messages that were not handled",
      })
      .default('explicit')
      .describe(
        '`all`: one acknowledgement confirms all messages before its own. For ordered subscriptions; unordered ones stay `explicit`.',
      ),
    replayPolicy: z
      .enum(['instant', 'original'])
      .default('instant')
      .describe('`original` replays at the pace of publishing.'),
    maxAckPending: z
      .int()
      .positive()
      .max(65_536)
      .default(1_000)
      .describe('Unacknowledged messages per consumer, over all instances.'),
    maxWaiting: z
      .int()
      .positive()
      .default(512)
      .describe('Waiting pull requests per consumer, over all instances.'),
    maxDeliver: deliveries.describe('Another place for `nats.jetstream.maxDeliver`.'),
    backOff: refused('it breaks the leases of messages being handled; use retryBackoff of the subscription'),
  })
  .prefault({});

const jetstream = z
  .strictObject({
    enabled: z.boolean().default(true).describe('False: every topic is ephemeral, over Core NATS.'),
    domain: text.optional().describe('JetStream domain.'),
    apiPrefix: text.optional().describe('Prefix of the JetStream API; instead of `domain`.'),
    publishTimeout: durationSetting()
      .prefault('5s')
      .describe("How long one attempt waits for the server's acknowledgement."),
    ackWait: durationSetting()
      .refine((ms) => ms >= 100, { error: 'must be at least 100 ms' })
      .prefault('30s')
      .describe('How long a message may stay unacknowledged; renewed for what is handled or queued.'),
    maxDeliver: deliveries.describe(
      'Deliveries after which a message is dead-lettered without another attempt; `-1`: no limit.',
    ),
    topicConfigStrategy: z
      .enum(['skip', 'createOnly', 'createOrUpdate', 'validateOnly'])
      .optional()
      .describe("Overrides the bus' `topicConfigStrategy`."),
    stream,
    consumer,
  })
  .refine((value) => value.domain === undefined || value.apiPrefix === undefined, {
    error: 'domain and apiPrefix say the same thing twice; give one of them',
  })
  .prefault({});

/** Validates the section `nats` and fills in defaults, in milliseconds and bytes. Unknown keys are refused. */
export const natsConfigSchema = z.strictObject({
  urls: z
    .array(url)
    .min(1, { error: "must name at least one server, such as 'nats://localhost:4222'" })
    .describe('Servers: `nats://host:4222` or `tls://host:4222`. Required.'),
  clientId: text.optional().describe('Names the connection at the server. Default: the service name.'),
  maxReconnects: z
    .int()
    .min(-1)
    .default(-1)
    .describe('Attempts of the client to come back, per server; -1: for ever.'),
  reconnectWait: durationSetting().prefault('2s').describe('Between two attempts.'),
  connectionTimeout: durationSetting().prefault('10s').describe('For one attempt to connect.'),
  pingInterval: durationSetting()
    .refine((ms) => ms >= 100, { error: 'must be at least 100 ms' })
    .prefault('10s')
    .describe('Between two pings; a server that leaves one unanswered for as long is given up.'),
  inboxPrefix: z
    .string()
    .regex(/^[^\s.*>$][^\s.*>]*(?:\.[^\s.*>]+)*$/, {
      error: "must be a subject without wildcards, such as '_INBOX_billing'",
    })
    .default('_INBOX')
    .describe('What the subjects of answers begin with.'),
  healthCheckInterval: refusedSetting('use healthCheck.publisher.interval instead'),
  jetstream,
  security,
});

/** With every default filled in and every duration in milliseconds. */
export type ResolvedNatsConfig = z.output<typeof natsConfigSchema>;
