/** The options of a subscription, checked before (`subscribe-options.ts`), with every default filled in. */

import { defaultDeadLetterTopic, isDeadLetterTopic } from '../dead-letters/format.js';
import type { Capabilities } from '../driver/capabilities.js';
import type { Persistence } from '../driver/message.js';
import { parseDuration } from '../duration.js';
import { ConfigError, UnsupportedError } from '../errors.js';
import type { ExhaustedAction } from '../pipeline/failure.js';
import type { BackoffOptions } from '../util/backoff.js';
import type { LaneBy, SubscribeOptions } from './types.js';

/** The configured defaults of every subscription. */
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

/** The options of one subscription in plain units, with every default filled in. Times in milliseconds. */
export interface ConsumePolicy {
  readonly topic: string;
  readonly group: string;
  readonly persistence: Persistence;
  readonly from: 'earliest' | 'latest' | Date;
  readonly ordering: 'none' | 'instance' | 'cluster';
  /** Order across the members of the group is not offered, and the subscription did not say that it can do without. */
  readonly isNarrowed: boolean;
  readonly laneBy: LaneBy;
  readonly concurrency: number;
  /** With `concurrency` it bounds the window. */
  readonly queuePerKey: number;
  /** A window that was full for longer than so many milliseconds is reported. */
  readonly reportStallAfter: number;
  readonly processingTimeout: number;
  readonly overlapAfter: number | undefined;
  readonly maxRetries: number;
  /** A message delivered more often than that is not attempted any more. */
  readonly maxDeliveries: number | undefined;
  readonly backoff: BackoffOptions;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number } | undefined;
  readonly onExhausted: ExhaustedAction;
  readonly onError: SubscribeOptions['onError'];
  readonly deadLetterTopic: string;
  /** Whether messages that name another group in `X-Redrive-Group` are settled unhandled. */
  readonly trustsRedrives: boolean;
  /** How many keys may be parked at once; beyond it a key is halted instead. */
  readonly maxParkedKeys: number;
}

/** A subscribe call, the defaults, and the abilities of the transport. */
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
 * @throws ConfigError for options that are right by themselves and wrong for this topic
 * @throws UnsupportedError for features that the transport lacks
 */
export function consumePolicy(input: PolicyInput): ConsumePolicy {
  const { topic, options, defaults, persistence, validateName } = input;
  const isDeadLetters = isDeadLetterTopic(topic) || topic === defaults.deadLetterTopic;
  const onExhausted = options.onExhausted ?? defaultExhaustion(isDeadLetters, persistence);
  const deadLetterTopic = deadLetterTopicOf(input);
  if (deadLetterTopic === topic) {
    throw new ConfigError(
      `a subscription to '${topic}' cannot dead-letter into its own topic; give another deadLetterTopic`,
    );
  }
  // Also `skipHalted` and `onError` send there.
  const isUsed = onExhausted !== 'discard' || options.onError !== undefined;
  if (isUsed || options.deadLetterTopic !== undefined) validateName(deadLetterTopic);
  return {
    topic,
    group: input.group,
    persistence,
    from: startPosition(input),
    ordering: demandedOrdering(input),
    isNarrowed: input.ordered && options.ordering === undefined && input.capabilities.ordering === 'instance',
    laneBy: laneByOf(input),
    concurrency: options.concurrency ?? defaults.concurrency,
    queuePerKey: defaults.queuePerKey,
    reportStallAfter: defaults.reportStallAfter,
    processingTimeout: parseDuration(options.processingTimeout ?? defaults.processingTimeout),
    overlapAfter: options.overlapAfter === undefined ? undefined : parseDuration(options.overlapAfter),
    maxRetries: options.maxRetries ?? defaults.maxRetries,
    maxDeliveries: input.maxDeliveries,
    backoff: {
      base: parseDuration(options.retryBackoff?.base ?? defaults.backoffBase),
      max: parseDuration(options.retryBackoff?.max ?? defaults.backoffMax),
      factor: options.retryBackoff?.factor ?? 2,
      jitter: options.retryBackoff?.jitter ?? true,
    },
    rateLimit: rateLimitOf(options.rateLimit),
    onExhausted,
    onError: options.onError,
    deadLetterTopic,
    trustsRedrives: options.redrives !== 'ignore',
    maxParkedKeys: maxParkedKeysOf(input, onExhausted),
  };
}

function defaultExhaustion(isDeadLetters: boolean, persistence: Persistence): ExhaustedAction {
  if (isDeadLetters) return 'halt';
  return persistence === 'persistent' ? 'dead-letter' : 'discard';
}

/** The option, else the configured one of all topics (but not for that topic itself), else `<topic>.dlq`. */
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
  if (from !== 'latest' && !capabilities.replay) {
    throw new UnsupportedError(
      `${persistence} topics over ${system} keep no messages, so '${topic}' can only be read from: 'latest'`,
    );
  }
  return from;
}

/** A parked key takes about 300 bytes here: 3 MB. That many broken keys are no matter of single keys any more. */
const MOST_PARKED_KEYS = 10_000;

function maxParkedKeysOf(input: PolicyInput, onExhausted: ExhaustedAction): number {
  const { topic, ordered, options, persistence, capabilities, system } = input;
  const { maxParkedKeys = MOST_PARKED_KEYS } = options;
  if (onExhausted !== 'park') {
    if (options.maxParkedKeys === undefined) return maxParkedKeys;
    throw new ConfigError(`subscription to '${topic}': maxParkedKeys is for onExhausted: 'park'`);
  }
  if (!ordered) {
    throw new ConfigError(
      `subscribe('${topic}') is unordered, so no message waits for another: onExhausted 'park' needs subscribeEnvelope`,
    );
  }
  if (options.ordering === 'instance') {
    throw new ConfigError(
      `subscription to '${topic}': onExhausted 'park' keeps the order over all members; leave ordering: 'instance' out`,
    );
  }
  const { parking, browse, ordering } = capabilities;
  if (parking === true && browse === true && ordering === 'cluster') return maxParkedKeys;
  throw new UnsupportedError(
    `${persistence} topics over ${system} cannot park keys, and the subscription to '${topic}' has onExhausted 'park'` +
      `${parking === true && browse === true ? ` (the broker offers ordering '${ordering}')` : ''}; use 'halt' or 'dead-letter'`,
  );
}

function demandedOrdering({ topic, options, ordered, persistence, capabilities, system }: PolicyInput) {
  if (!ordered) {
    if (options.ordering === undefined) return 'none' as const;
    throw new ConfigError(
      `subscribe('${topic}') is unordered: ordering '${options.ordering}' needs subscribeEnvelope`,
    );
  }
  const offered = capabilities.ordering;
  const ordering =
    options.ordering ?? (offered === 'cluster' || options.onExhausted === 'park' ? 'cluster' : 'instance');
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

function laneByOf({ topic, options: { laneBy = 'aggregate' }, ordered }: PolicyInput): LaneBy {
  if (ordered || laneBy === 'aggregate') return laneBy;
  throw new ConfigError(`subscribe('${topic}') is unordered: laneBy '${laneBy}' needs subscribeEnvelope`);
}

/** `undefined`: none. */
export function rateLimitOf(limit: SubscribeOptions['rateLimit']): ConsumePolicy['rateLimit'] {
  if (limit === undefined || limit.perSecond === Number.POSITIVE_INFINITY) return undefined;
  const { perSecond, burst = Math.max(1, perSecond) } = limit;
  return { perSecond, burst };
}
