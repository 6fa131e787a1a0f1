/** The options of a subscription with every default filled in and every value checked. */
import type { Capabilities } from '../driver/capabilities.js';
import type { Persistence } from '../driver/message.js';
import { type Duration, parseDuration } from '../duration.js';
import { ConfigError, UnsupportedError } from '../errors.js';
import { defaultDeadLetterTopic, isDeadLetterTopic } from '../pipeline/dead-letter.js';
import type { ExhaustedAction } from '../pipeline/failure.js';
import type { BackoffOptions } from '../util/backoff.js';
import { unknownKey } from '../util/known-keys.js';
import type { SubscribeOptions } from './types.js';

const OPTIONS: ReadonlySet<string> = new Set([
  'group',
  'from',
  'concurrency',
  'ordering',
  'processingTimeout',
  'maxRetries',
  'retryBackoff',
  'rateLimit',
  'onExhausted',
  'deadLetterTopic',
  'redrives',
  'onError',
  'overlapAfter',
  'signal',
  'schema',
] satisfies (keyof SubscribeOptions | 'schema')[]);

/** What the configuration says for every subscription. */
export interface ConsumeDefaults {
  readonly concurrency: number;
  readonly queuePerKey: number;
  readonly reportStallAfter: number;
  readonly processingTimeout: number;
  readonly maxRetries: number;
  readonly backoffBase: number;
  readonly backoffMax: number;
  /** Empty: `<topic>.dlq`. */
  readonly deadLetterTopic: string;
}

export interface ConsumePolicy {
  readonly topic: string;
  readonly group: string;
  readonly persistence: Persistence;
  readonly from: 'earliest' | 'latest' | Date;
  readonly ordering: 'none' | 'instance' | 'cluster';
  readonly concurrency: number;
  /** With `concurrency` it bounds the window. */
  readonly queuePerKey: number;
  /** A window that was full for longer than so many milliseconds is reported. */
  readonly reportStallAfter: number;
  readonly processingTimeout: number;
  readonly overlapAfter: number | undefined;
  readonly maxRetries: number;
  /** What was delivered more often than that is not attempted any more. */
  readonly maxDeliveries: number | undefined;
  readonly backoff: BackoffOptions;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number } | undefined;
  readonly onExhausted: ExhaustedAction;
  readonly onError: SubscribeOptions['onError'];
  readonly deadLetterTopic: string;
  /** Whether messages that name another group in `X-Redrive-Group` are settled unhandled. */
  readonly trustsRedrives: boolean;
}

export interface PolicyInput {
  topic: string;
  group: string;
  persistence: Persistence;
  ordered: boolean;
  system: string;
  capabilities: Capabilities;
  /** Where a group without a position starts on a persistent topic. Default `earliest`. */
  defaultFrom?: 'earliest' | 'latest' | undefined;
  maxDeliveries?: number | undefined;
  options: SubscribeOptions;
  defaults: ConsumeDefaults;
  /** @throws TopicNameError */
  validateName(topic: string): void;
}

/**
 * @throws TopicNameError for a dead-letter topic that cannot be
 * @throws ConfigError naming the option and what it may be
 * @throws UnsupportedError for what the transport cannot do
 */
export function consumePolicy(input: PolicyInput): ConsumePolicy {
  const { topic, options, defaults, persistence, validateName } = input;
  const unknown = unknownKey(options, OPTIONS);
  if (unknown !== undefined) throw new ConfigError(`subscription to '${topic}': ${unknown}`);
  const isDeadLetters = isDeadLetterTopic(topic) || topic === defaults.deadLetterTopic;
  const onExhausted = options.onExhausted ?? defaultExhaustion(isDeadLetters, persistence);
  if (!['dead-letter', 'discard', 'halt'].includes(onExhausted)) {
    throw wrong(topic, 'onExhausted', onExhausted, "'dead-letter', 'discard' or 'halt'");
  }
  const deadLetterTopic = deadLetterTopicOf(input);
  if (deadLetterTopic === topic) {
    throw new ConfigError(
      `a subscription to '${topic}' cannot dead-letter into its own topic; give another deadLetterTopic`,
    );
  }
  if (onExhausted === 'dead-letter' || options.deadLetterTopic !== undefined) validateName(deadLetterTopic);
  return {
    topic,
    group: input.group,
    persistence,
    from: startPosition(input),
    ordering: demandedOrdering(input),
    concurrency: positiveInteger(topic, 'concurrency', options.concurrency ?? defaults.concurrency),
    queuePerKey: defaults.queuePerKey,
    reportStallAfter: defaults.reportStallAfter,
    processingTimeout: positiveDuration(
      topic,
      'processingTimeout',
      options.processingTimeout ?? defaults.processingTimeout,
    ),
    overlapAfter:
      options.overlapAfter === undefined
        ? undefined
        : durationOf(topic, 'overlapAfter', options.overlapAfter),
    maxRetries: count(topic, 'maxRetries', options.maxRetries ?? defaults.maxRetries),
    maxDeliveries: input.maxDeliveries,
    backoff: {
      base: durationOf(topic, 'retryBackoff.base', options.retryBackoff?.base ?? defaults.backoffBase),
      max: durationOf(topic, 'retryBackoff.max', options.retryBackoff?.max ?? defaults.backoffMax),
      factor: atLeastOne(topic, 'retryBackoff.factor', options.retryBackoff?.factor ?? 2),
      jitter: options.retryBackoff?.jitter ?? true,
    },
    rateLimit: rateLimitOf(topic, options.rateLimit),
    onExhausted,
    onError: options.onError,
    deadLetterTopic,
    trustsRedrives: trustsRedrives(topic, options.redrives),
  };
}

function trustsRedrives(topic: string, redrives: SubscribeOptions['redrives'] = 'trust'): boolean {
  if (redrives === 'trust' || redrives === 'ignore') return redrives === 'trust';
  throw wrong(topic, 'redrives', redrives, "'trust' or 'ignore'");
}

function defaultExhaustion(isDeadLetters: boolean, persistence: Persistence): ExhaustedAction {
  if (isDeadLetters) return 'halt';
  return persistence === 'persistent' ? 'dead-letter' : 'discard';
}

/** The option, else what is configured for all topics (but not for that topic itself), else `<topic>.dlq`. */
function deadLetterTopicOf({ topic, options, defaults }: PolicyInput): string {
  if (options.deadLetterTopic !== undefined) return options.deadLetterTopic;
  const configured = defaults.deadLetterTopic;
  return configured === '' || configured === topic ? defaultDeadLetterTopic(topic) : configured;
}

function startPosition({
  topic,
  options,
  persistence,
  capabilities,
  system,
  defaultFrom = 'earliest',
}: PolicyInput): ConsumePolicy['from'] {
  const from = options.from ?? (persistence === 'persistent' ? defaultFrom : 'latest');
  if (from !== 'earliest' && from !== 'latest' && !(from instanceof Date && !Number.isNaN(from.getTime()))) {
    throw wrong(topic, 'from', from, "'earliest', 'latest' or a valid Date");
  }
  if (from !== 'latest' && !capabilities.replay) {
    throw new UnsupportedError(
      `${persistence} topics over ${system} keep no messages, so '${topic}' can only be read from: 'latest'`,
    );
  }
  return from;
}

function demandedOrdering({ topic, options, ordered, persistence, capabilities, system }: PolicyInput) {
  if (!ordered) {
    if (options.ordering === undefined) return 'none' as const;
    throw new ConfigError(
      `subscribe('${topic}') is unordered: ordering '${options.ordering}' needs subscribeEnvelope`,
    );
  }
  const ordering = options.ordering ?? 'instance';
  if (ordering !== 'instance' && ordering !== 'cluster') {
    throw wrong(topic, 'ordering', ordering, "'instance' or 'cluster'");
  }
  const offered = capabilities.ordering;
  if (
    options.ordering !== undefined &&
    (offered === 'none' || (ordering === 'cluster' && offered !== 'cluster'))
  ) {
    throw new UnsupportedError(
      `${persistence} topics over ${system} offer ordering '${offered}', and the subscription to '${topic}' ` +
        `demands '${ordering}'; leave the option out or use a transport that offers it`,
    );
  }
  return ordering;
}

function rateLimitOf(topic: string, limit: SubscribeOptions['rateLimit']): ConsumePolicy['rateLimit'] {
  if (limit === undefined) return undefined;
  const { perSecond, burst = Math.max(1, perSecond) } = limit;
  if (!(perSecond > 0 && Number.isFinite(perSecond))) {
    throw wrong(topic, 'rateLimit.perSecond', perSecond, 'a number above 0');
  }
  if (!(burst >= 1 && Number.isFinite(burst)))
    throw wrong(topic, 'rateLimit.burst', burst, 'a number of at least 1');
  return { perSecond, burst };
}

function durationOf(topic: string, option: string, value: Duration): number {
  try {
    return parseDuration(value);
  } catch (cause) {
    throw wrong(topic, option, value, "milliseconds or a duration such as '500ms', '2m', '1h30m'", cause);
  }
}

function positiveDuration(topic: string, option: string, value: Duration): number {
  const ms = durationOf(topic, option, value);
  if (ms > 0) return ms;
  throw wrong(topic, option, value, 'a duration above 0');
}

function positiveInteger(topic: string, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw wrong(topic, option, value, 'a positive integer');
}

function count(topic: string, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(topic, option, value, 'an integer of at least 0');
}

function atLeastOne(topic: string, option: string, value: number): number {
  if (Number.isFinite(value) && value >= 1) return value;
  throw wrong(topic, option, value, 'a number of at least 1');
}

function wrong(topic: string, option: string, value: unknown, allowed: string, cause?: unknown): ConfigError {
  const message = `must be ${allowed}, got ${typeof value === 'string' ? `'${value}'` : String(value)}`;
  return new ConfigError(`subscription to '${topic}': ${option} ${message}`, {
    cause,
    problems: [{ path: option, message }],
  });
}
