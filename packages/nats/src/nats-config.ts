/** The `nats` section of a bus configuration: what an application may write, its checks and its defaults. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import {
  type Bytes,
  type Duration,
  durationSetting,
  sizeSetting,
  type TopicConfigStrategy,
  z,
} from '@ebus/core/driver';

export interface NatsStreamConfig {
  /** The stream that holds the topics which `subjects` cover; needs `subjects`. Default: a stream per topic. */
  name?: string | undefined;
  /** Subjects of the stream, wildcards allowed: `['orders.>']`. */
  subjects?: readonly string[] | undefined;
  /** Only `limits`: the others remove messages that some group has not seen. */
  retention?: 'limits' | undefined;
  /** Default `file`. Also for the streams of single topics. */
  storage?: 'file' | 'memory' | undefined;
  /** Default 1. */
  replicas?: number | undefined;
  /** Default 24 h; 0: for ever. */
  maxAge?: Duration | undefined;
  /** Default -1: no limit. */
  maxBytes?: Bytes | -1 | undefined;
  /** Default -1: no limit. */
  maxMsgs?: number | undefined;
  /** What a full stream does: forget the oldest, or refuse the newest. Default `old`. */
  discard?: 'old' | 'new' | undefined;
}

export interface NatsConsumerConfig {
  /** The group of subscriptions that name none. Default: the service name. */
  durableName?: string | undefined;
  /** Topics that share one unified consumer per stream and group. Default none: a consumer for each topic. */
  topics?: readonly string[] | undefined;
  /** Where a group without a position starts if the subscription does not say. Default `all`. */
  deliverPolicy?: 'all' | 'new' | undefined;
  /** Only `explicit`. */
  ackPolicy?: 'explicit' | undefined;
  /** `original` replays at the pace of publishing. Default `instant`. */
  replayPolicy?: 'instant' | 'original' | undefined;
  /** Unacknowledged messages per consumer, over all instances. Default 1000. */
  maxAckPending?: number | undefined;
  /** Waiting pull requests per consumer, over all instances. Default 512. */
  maxWaiting?: number | undefined;
  /** Another place for `nats.jetstream.maxDeliver`. */
  maxDeliver?: -1 | undefined;
}

export interface NatsJetStreamConfig {
  /** Default true. False: every topic is ephemeral, over Core NATS. */
  enabled?: boolean | undefined;
  domain?: string | undefined;
  apiPrefix?: string | undefined;
  /** How long one attempt waits for the server's acknowledgement. Default 5 s. */
  publishTimeout?: Duration | undefined;
  /** How long a message may stay unacknowledged; renewed for what is handled or queued. Default 30 s. */
  ackWait?: Duration | undefined;
  /** Only -1, the default: no limit. Dead-lettering after a number of deliveries is not supported yet. */
  maxDeliver?: -1 | undefined;
  /** Overrides the bus' `topicConfigStrategy`. */
  topicConfigStrategy?: TopicConfigStrategy | undefined;
  stream?: NatsStreamConfig | undefined;
  consumer?: NatsConsumerConfig | undefined;
}

export interface NatsSecurityConfig {
  /** Default false. */
  enabled?: boolean | undefined;
  token?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** A file with an nkey seed. */
  nkeyFile?: string | undefined;
  /** A credentials file (JWT and seed). */
  credFile?: string | undefined;
  certFile?: string | undefined;
  keyFile?: string | undefined;
  caFile?: string | undefined;
  /** Accepts any certificate of the server. Default false. */
  skipVerify?: boolean | undefined;
}

export interface NatsConfig {
  /** `nats://host:4222`, or `tls://host:4222`. The login goes under `security`. */
  urls: readonly string[];
  /** Names the connection at the server. Default: the service name. */
  clientId?: string | undefined;
  /** Attempts of the client to come back, per server; -1, the default: for ever. */
  maxReconnects?: number | undefined;
  /** Between two attempts. Default 2 s. */
  reconnectWait?: Duration | undefined;
  /** For one attempt to connect. Default 10 s. */
  connectionTimeout?: Duration | undefined;
  jetstream?: NatsJetStreamConfig | undefined;
  security?: NatsSecurityConfig | undefined;
}

declare module '@ebus/core' {
  interface Transports {
    nats: NatsConfig;
  }
}

const size = z.union([z.literal(-1), sizeSetting()]).default(-1);

/** A key whose only value is the default; others are refused, with the reason. */
const only = <Value extends string>(value: Value, why: string) =>
  z.literal(value, { error: `must be '${value}': ${why}` }).default(value);

/** A key that other tools have and that cannot be honoured here. */
const refused = (why: string) => z.undefined({ error: `is not supported: ${why}` }).optional();

const limit = z.union([z.literal(-1), z.int().positive()]).default(-1);
const text = z.string().min(1);
const deliveries = z
  .literal(-1, { error: 'is not supported yet; leave it out, and set maxRetries of subscriptions' })
  .optional();

/** Without wildcards in the wrong place or empty tokens. */
const subject = z.string().regex(/^(?:[^\s.*>]+|\*)(?:\.(?:[^\s.*>]+|\*))*(?:\.>)?$|^>$/, {
  error: "must be a NATS subject such as 'orders.created', 'orders.*' or 'orders.>'",
});

const stream = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\s.*>/\\]+$/, { error: "must be a stream name: no spaces, '.', '*', '>', '/' or '\\'" })
      .optional(),
    subjects: z.array(subject).min(1).optional(),
    retention: only('limits', 'the others remove messages that some groups have not seen'),
    storage: z.enum(['file', 'memory']).default('file'),
    replicas: z.int().min(1).max(5).default(1),
    maxAge: durationSetting().prefault('24h'),
    maxBytes: size,
    maxMsgs: limit,
    discard: z.enum(['old', 'new']).default('old'),
  })
  .refine((value) => (value.name === undefined) === (value.subjects === undefined), {
    error: 'name and subjects go together: the subjects say which topics the stream holds',
  })
  .prefault({});

const consumer = z
  .strictObject({
    durableName: text.optional(),
    topics: z.array(text).default([]),
    deliverPolicy: z.enum(['all', 'new']).default('all'),
    ackPolicy: only('explicit', 'the others settle messages that were not handled'),
    replayPolicy: z.enum(['instant', 'original']).default('instant'),
    maxAckPending: z.int().positive().max(65_536).default(1_000),
    maxWaiting: z.int().positive().default(512),
    maxDeliver: deliveries,
    backOff: refused('it breaks the leases of messages being handled; use retryBackoff of the subscription'),
  })
  .prefault({});

const jetstream = z
  .strictObject({
    enabled: z.boolean().default(true),
    domain: text.optional(),
    apiPrefix: text.optional(),
    publishTimeout: durationSetting().prefault('5s'),
    ackWait: durationSetting()
      .refine((ms) => ms >= 100, { error: 'must be at least 100 ms' })
      .prefault('30s'),
    maxDeliver: deliveries,
    topicConfigStrategy: z.enum(['skip', 'createOnly', 'createOrUpdate', 'validateOnly']).optional(),
    stream,
    consumer,
  })
  .refine((value) => value.domain === undefined || value.apiPrefix === undefined, {
    error: 'domain and apiPrefix say the same thing twice; give one of them',
  })
  .prefault({});

const security = z
  .strictObject({
    enabled: z.boolean().optional(),
    token: text.optional(),
    username: text.optional(),
    password: z.string().optional(),
    nkeyFile: text.optional(),
    credFile: text.optional(),
    certFile: text.optional(),
    keyFile: text.optional(),
    caFile: text.optional(),
    skipVerify: z.boolean().default(false),
  })
  .superRefine((value, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    const { enabled, skipVerify, ...rest } = value;
    const given = Object.entries(rest).filter(([, setting]) => setting !== undefined);
    if (enabled === undefined && (given.length > 0 || skipVerify)) {
      problem('set enabled: true for these settings to apply, or enabled: false to go without them');
    }
    const logins = [value.token, value.username, value.nkeyFile, value.credFile].filter(Boolean);
    if (logins.length > 1) problem('give one login: token, username with password, nkeyFile or credFile');
    if ((value.username === undefined) !== (value.password === undefined)) {
      problem('username and password go together');
    }
    if ((value.certFile === undefined) !== (value.keyFile === undefined)) {
      problem('certFile and keyFile go together');
    }
    if (enabled === true && given.length === 0 && !skipVerify) {
      problem('enabled is true, and there is neither a login nor anything for TLS');
    }
  })
  .prefault({});

const url = z.string().superRefine((value, context) => {
  const parsed = URL.canParse(value.includes('://') ? value : `nats://${value}`)
    ? new URL(value.includes('://') ? value : `nats://${value}`)
    : undefined;
  if (parsed === undefined || !['nats:', 'tls:'].includes(parsed.protocol)) {
    context.addIssue({ code: 'custom', message: "must be like 'nats://host:4222' or 'tls://host:4222'" });
  } else if (parsed.username !== '' || parsed.password !== '') {
    context.addIssue({ code: 'custom', message: 'must not hold a login; put it under nats.security' });
  }
});

export const natsConfigSchema = z.strictObject({
  urls: z.array(url).min(1, { error: "must name at least one server, such as 'nats://localhost:4222'" }),
  clientId: text.optional(),
  maxReconnects: z.int().min(-1).default(-1),
  reconnectWait: durationSetting().prefault('2s'),
  connectionTimeout: durationSetting().prefault('10s'),
  jetstream,
  security,
});

/** With every default filled in and every duration in milliseconds. */
export type ResolvedNatsConfig = z.output<typeof natsConfigSchema>;
