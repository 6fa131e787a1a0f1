import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../driver/capabilities.js';
import { TopicNameError } from '../errors.js';
import { consumePolicy, type PolicyInput, rateLimitOf } from './policy.js';

const CAPABILITIES = { ordering: 'instance', replay: true } as Capabilities;
const DEFAULTS = {
  concurrency: 8,
  queuePerKey: 100,
  reportStallAfter: 60_000,
  processingTimeout: 30_000,
  maxRetries: 3,
  backoffBase: 1_000,
  backoffMax: 30_000,
  deadLetterTopic: '',
};

const policyOf = (options: PolicyInput['options'] = {}, more: Partial<PolicyInput> = {}) =>
  consumePolicy({
    topic: 'orders',
    group: 'billing',
    persistence: 'persistent',
    ordered: true,
    system: 'scripted',
    capabilities: CAPABILITIES,
    options,
    defaults: DEFAULTS,
    validateName: () => {},
    ...more,
  });

describe('the policy of a subscription', () => {
  it('is what the option says, else what is configured, in milliseconds', () => {
    expect(policyOf()).toMatchObject({
      concurrency: 8,
      processingTimeout: 30_000,
      maxRetries: 3,
      overlapAfter: undefined,
    });
    const options = {
      concurrency: 2,
      processingTimeout: '1m',
      retryBackoff: { base: '2s', factor: 3 },
      overlapAfter: '5s',
    } as const;
    expect(policyOf(options)).toMatchObject({
      concurrency: 2,
      processingTimeout: 60_000,
      overlapAfter: 5_000,
      backoff: { base: 2_000, max: 30_000, factor: 3, jitter: true },
    });
  });

  it.each([
    ['a persistent topic', 'orders', 'persistent', 'dead-letter', 'orders.dlq'],
    ['an ephemeral topic', 'orders', 'ephemeral', 'discard', 'orders.dlq'],
    ['a dead-letter topic', 'orders.dlq', 'persistent', 'halt', 'orders.dlq.dlq'],
  ] as const)('of %s ends messages so: %s, %s, %s', (_, topic, persistence, onExhausted, deadLetterTopic) => {
    const options = topic === 'orders' ? {} : { deadLetterTopic };
    expect(policyOf(options, { topic, persistence })).toMatchObject({ onExhausted, deadLetterTopic });
  });

  it('sends dead letters where all go, but for those of that topic itself', () => {
    const defaults = { ...DEFAULTS, deadLetterTopic: 'dead' };
    expect(policyOf({}, { defaults }).deadLetterTopic).toBe('dead');
    expect(policyOf({ deadLetterTopic: 'own' }, { defaults }).deadLetterTopic).toBe('own');
    expect(policyOf({}, { defaults, topic: 'dead' })).toMatchObject({
      onExhausted: 'halt',
      deadLetterTopic: 'dead.dlq',
    });
    expect(() => policyOf({ deadLetterTopic: 'orders' })).toThrow(/cannot dead-letter into its own topic/);
  });

  it('checks the name of a dead-letter topic where anything may go there', () => {
    const validateName = (topic: string) => {
      throw new TopicNameError(topic, 'no');
    };
    expect(() => policyOf({}, { validateName })).toThrow(/orders\.dlq/);
    expect(() => policyOf({ onExhausted: 'discard' }, { validateName })).not.toThrow();
    expect(() => policyOf({ onExhausted: 'discard', onError: () => 'retry' }, { validateName })).toThrow();
  });

  it('begins where the transport begins, and refuses what it has not kept', () => {
    expect([
      policyOf().from,
      policyOf({}, { persistence: 'ephemeral' }).from,
      policyOf({}, { defaultFrom: 'latest' }).from,
    ]).toEqual(['earliest', 'latest', 'latest']);
    const capabilities = { ...CAPABILITIES, replay: false };
    expect(() => policyOf({ from: 'earliest' }, { capabilities })).toThrow(/from: 'latest'/);
  });

  it('orders across all members of the group, unless less is asked for or offered', () => {
    const across = { capabilities: { ...CAPABILITIES, ordering: 'cluster' } } as const;
    expect(policyOf({}, across)).toMatchObject({ ordering: 'cluster', isNarrowed: false });
    expect(policyOf({ ordering: 'instance' }, across)).toMatchObject({
      ordering: 'instance',
      isNarrowed: false,
    });
    expect(policyOf()).toMatchObject({ ordering: 'instance', isNarrowed: true });
    expect(policyOf({ ordering: 'instance' })).toMatchObject({ ordering: 'instance', isNarrowed: false });
    expect(policyOf({}, { ordered: false })).toMatchObject({ ordering: 'none', isNarrowed: false });
  });

  it('refuses an order that is demanded and not offered', () => {
    expect(() => policyOf({ ordering: 'cluster' })).toThrow(/demands 'cluster'/);
    expect(() => policyOf({ ordering: 'instance' }, { ordered: false })).toThrow(/needs subscribeEnvelope/);
    expect(() => policyOf({ laneBy: 'key' }, { ordered: false })).toThrow(/needs subscribeEnvelope/);
  });
});

it.each([
  [undefined, undefined],
  [{ perSecond: Number.POSITIVE_INFINITY }, undefined],
  [{ perSecond: 0.5 }, { perSecond: 0.5, burst: 1 }],
  [{ perSecond: 10 }, { perSecond: 10, burst: 10 }],
  [
    { perSecond: 10, burst: 2 },
    { perSecond: 10, burst: 2 },
  ],
])('a rate limit of %j is %j', (given, expected) => {
  expect(rateLimitOf(given)).toEqual(expected);
});
