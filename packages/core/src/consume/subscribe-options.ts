/** The options of subscribing, and their checks. Defaults and checks that depend on the topic: `policy.ts`. */
import { isStandardSchema } from '../envelope/payload-schema.js';
import { ConfigError } from '../errors.js';
import { describeValue } from '../util/describe-value.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, type OptionTable, optionTable } from '../util/options.js';
import { shown } from '../util/shown.js';
import { OTHERWISE, type RouteOptions } from './route-by-event-type.js';
import type { RateLimit, RetryBackoff, SubscribeOptions, SubscriptionChanges } from './types.js';

const RETRY_BACKOFF = optionTable<RetryBackoff>({
  base: { ...kinds.duration, example: "'1s'" },
  max: kinds.duration,
  factor: kinds.numberFromOne,
  jitter: kinds.flag,
});

/** The rate limit of a subscription, as it is checked. */
export const RATE_LIMIT = optionTable<NonNullable<SubscribeOptions['rateLimit']>>({
  perSecond: kinds.required(kinds.positiveNumber),
  burst: kinds.numberFromOne,
});

/** Of a live subscription, whose limit may also be lifted. */
const NEW_RATE_LIMIT = optionTable<RateLimit>({
  perSecond: kinds.required(
    kinds.kind(
      'a number above 0, or Infinity to lift the limit',
      (value) => typeof value === 'number' && value > 0,
      '100',
    ),
  ),
  burst: kinds.numberFromOne,
});

/** The options of `subscription.update`, as they are checked. */
export const CHANGES = optionTable<SubscriptionChanges>(
  { concurrency: kinds.positiveInteger, rateLimit: kinds.nested(NEW_RATE_LIMIT) },
  { maxConcurrency: "use 'concurrency'", group: 'close the subscription and subscribe again' },
);

const FROM = kinds.kind(
  "'earliest', 'latest' or a valid Date",
  (value) =>
    value === 'earliest' || value === 'latest' || (value instanceof Date && !Number.isNaN(value.getTime())),
);

const SCHEMA = kinds.kind('a Standard Schema, as zod, valibot and arktype make them', isStandardSchema);

const OF_ALL = {
  group: kinds.filledText,
  from: FROM,
  concurrency: kinds.positiveInteger,
  ordering: kinds.oneOf('instance', 'cluster'),
  processingTimeout: kinds.positiveDuration,
  maxRetries: kinds.count,
  retryBackoff: kinds.nested(RETRY_BACKOFF),
  rateLimit: kinds.nested(RATE_LIMIT),
  onExhausted: kinds.oneOf('dead-letter', 'discard', 'halt', 'park'),
  deadLetterTopic: kinds.filledText,
  maxParkedKeys: kinds.positiveInteger,
  laneBy: kinds.oneOf('aggregate', 'key'),
  redrives: kinds.oneOf('trust', 'ignore'),
  onError: kinds.func,
  overlapAfter: kinds.duration,
  signal: kinds.abortSignal,
} satisfies { readonly [Name in keyof Required<SubscribeOptions>]: kinds.OptionKind };

/** Remedies for options of other calls and tools. */
const ELSEWHERE = {
  deadLetterEnabled: "use onExhausted: 'dead-letter', which is the default on persistent topics",
  rateBurst: 'use rateLimit: { perSecond, burst }',
  retryPolicy: "use 'maxRetries' and 'retryBackoff'",
  autoAck: 'a message is settled when its handler resolves, and never before',
  autoCommit: 'a message is settled when its handler resolves, and never before',
  ackWait: 'leases are renewed while a handler runs; how long it may take is its processingTimeout',
  durable: 'a persistent topic keeps the position of each group',
  partitions: 'topics.configure declares the partitions of a topic',
};

/** The options of `subscribe`, as they are checked. */
export const SUBSCRIBE_OPTIONS: OptionTable = optionTable<SubscribeOptions>(OF_ALL, {
  ...ELSEWHERE,
  schema: 'subscribe takes bytes as they are; events are read and validated by subscribeEnvelope',
});

/** The options of `subscribeEnvelope`, as they are checked. */
export const SUBSCRIBE_ENVELOPE_OPTIONS: OptionTable = optionTable<SubscribeOptions & { schema?: unknown }>(
  { ...OF_ALL, schema: SCHEMA },
  ELSEWHERE,
);

/** The options of a typed topic's `subscribe`, as they are checked. */
export const SUBSCRIBE_TYPED_OPTIONS: OptionTable = optionTable<SubscribeOptions & RouteOptions>(
  { ...OF_ALL, otherwise: OTHERWISE },
  { ...ELSEWHERE, schema: 'the schemas are those of the topic; see defineEvents' },
);

/** The first check: wrong options are refused in every state of the bus. @throws ConfigError */
export function checkSubscribeCall(
  method: 'subscribe' | 'subscribeEnvelope',
  topic: unknown,
  handler: unknown,
  options: SubscribeOptions | undefined,
): void {
  if (typeof topic === 'function') {
    throw new ConfigError(`${method}(topic, handler): the topic comes first, then the handler`);
  }
  if (typeof handler !== 'function') {
    throw new ConfigError(
      `${method}(topic, handler) needs a function as its handler, got ${describeValue(handler)}`,
    );
  }
  const table = method === 'subscribe' ? SUBSCRIBE_OPTIONS : SUBSCRIBE_ENVELOPE_OPTIONS;
  checkOptions(`${method}('${shown(topic)}')`, options, table);
}
