import type { Capabilities, TopicFigures } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { judge, noConnection } from './judge.js';
import type { Seen, SeenTopic } from './seen.js';

const NOW = Date.UTC(2026, 10, 26, 3);
const capabilities = { ordering: 'cluster' } as Capabilities;

const sound: TopicFigures = {
  name: 'orders',
  logs: [],
  messages: 7,
  replicas: 3,
  storage: 'file',
  acknowledged: true,
  writable: true,
  retentionKind: 'limits',
  maxMessagesPerSubject: 0,
  discard: 'old',
  newestAt: new Date(NOW - 1_000),
};

function seenTopic(figures: Partial<TopicFigures> = {}, over: Partial<SeenTopic> = {}): SeenTopic {
  return {
    name: 'orders',
    configured: {},
    plan: { value: { topic: 'orders', action: 'left', changed: [], mismatches: [], unsupported: [] } },
    figures: { value: { ...sound, ...figures } },
    groups: { value: [{ group: 'billing', members: 1, lag: 3, partitions: [] }] },
    reading: { value: undefined },
    deadLetters: { value: { count: 0, oldest: undefined } },
    ...over,
  };
}

const seen = (topic: SeenTopic = seenTopic(), over: Partial<Seen> = {}): Seen => ({
  transport: 'nats',
  serviceName: 'shop',
  addresses: ['nats://localhost:4222'],
  isSecured: false,
  nodeVersion: 'v20.19.0',
  now: NOW,
  capabilities,
  topics: [topic],
  listing: { value: [] },
  ...over,
});

const codes = (what: Seen) => judge(what).map(({ severity, code }) => `${severity} ${code}`);
const refused = { error: { code: 'SUBSCRIBE_FAILED', text: 'permissions violation' } };
const outcome = { topic: 'orders', changed: [], mismatches: [], unsupported: [] };

describe('judge', () => {
  it('says nothing about a sound bus', () => {
    expect(judge(seen())).toEqual([]);
  });

  it.each<[string, Partial<TopicFigures>]>([
    ['error not-acknowledged', { acknowledged: false }],
    ['error not-writable', { writable: false }],
    ['error memory-storage', { storage: 'memory' }],
    ['error per-subject-limit', { maxMessagesPerSubject: 1 }],
    ['error retention-kind', { retentionKind: 'interest' }],
    ['error retention-kind', { retentionKind: 'workqueue' }],
    ['warning compaction', { retentionKind: 'compaction' }],
    ['warning discards-new', { discard: 'new' }],
    ['info one-replica', { replicas: 1 }],
    ['warning clock-skew', { newestAt: new Date(NOW + 60_000) }],
  ])('finds %s in the settings of a topic', (finding, figures) => {
    expect(codes(seen(seenTopic(figures)))).toEqual([finding]);
  });

  it.each<[string, Partial<SeenTopic>]>([
    ['error topic-missing', { plan: { value: { ...outcome, action: 'created' } } }],
    ['warning topic-differs', { plan: { value: { ...outcome, action: 'changed', changed: ['retention'] } } }],
    ['warning refused', { groups: refused }],
    ['warning refused', { reading: refused }],
    [
      'error group-without-members',
      { groups: { value: [{ group: 'billing', members: 0, lag: 1, partitions: [] }] } },
    ],
    ['warning lag', { groups: { value: [{ group: 'billing', members: 2, lag: 10_001, partitions: [] }] } }],
    ['warning dead-letters', { deadLetters: { value: { count: 2, oldest: new Date(NOW) } } }],
    [
      'info setting-unsupported',
      { plan: { value: { ...outcome, action: 'left', unsupported: ['partitions'] } } },
    ],
  ])('finds %s of a topic', (finding, over) => {
    expect(codes(seen(seenTopic({}, over)))).toEqual([finding]);
  });

  it('tells the field of a mismatch, and what to do', () => {
    const mismatch = {
      topic: 'orders',
      field: 'replicas',
      expected: 3,
      actual: 2,
      recommendation: 'add a replica',
    };
    const plan = { value: { ...outcome, action: 'mismatched', mismatches: [mismatch] } } as const;
    expect(judge(seen(seenTopic({}, { plan })))).toMatchObject([
      { code: 'topic-mismatch', evidence: 'replicas is 2, configured is 3', remedy: 'add a replica' },
    ]);
  });

  it.each<[string, Partial<Seen>]>([
    ['warning not-secured', { addresses: ['nats://nats.internal:4222'] }],
    ['warning no-service-name', { serviceName: undefined }],
    ['info order-per-instance', { capabilities: { ...capabilities, ordering: 'instance' } }],
    ['warning refused', { listing: refused }],
  ])('finds %s of the whole', (finding, over) => {
    expect(codes(seen(undefined, over))).toEqual([finding]);
  });

  it('judges no promise of persistence of an ephemeral topic, and no topic that is not there', () => {
    const configured = { persistence: 'ephemeral' } as const;
    expect(judge(seen(seenTopic({ replicas: 1 }, { configured })))).toEqual([]);
    const missing = { error: { code: 'TOPIC_NOT_FOUND', text: 'no stream' } };
    expect(
      judge(seen(seenTopic({}, { figures: { value: undefined }, groups: missing, reading: missing }))),
    ).toEqual([]);
  });

  it('tells the worst first, and a refused login from a broker that is away', () => {
    expect(codes(seen(seenTopic({ replicas: 1, storage: 'memory' })))).toEqual([
      'error memory-storage',
      'info one-replica',
    ]);
    expect(noConnection('CONNECTION_FAILED', 'Authorization Violation').code).toBe('login-refused');
    expect(noConnection('CONNECTION_FAILED', 'ECONNREFUSED 127.0.0.1:4222').code).toBe('no-connection');
  });
});
