import type { Capabilities, ConsumerDescription, GroupFigures, TopicFigures } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { CHECKS } from './checks/index.js';
import { CONNECTION_CHECKS, judge, noConnection } from './judge.js';
import type { Seen, SeenConfig, SeenTopic } from './seen.js';

const NOW = Date.UTC(2026, 10, 26, 3);
const [HOUR, DAY] = [3_600_000, 24 * 3_600_000];
const capabilities = { ordering: 'cluster' } as Capabilities;

const sound: TopicFigures = {
  name: 'orders',
  logs: [{ partition: 0, first: 1, next: 8 }],
  messages: 7,
  replicas: 3,
  minReplicasInSync: 2,
  storage: 'file',
  acknowledged: true,
  writable: true,
  retentionKind: 'limits',
  retentionMs: 7 * DAY,
  maxMessagesPerSubject: 0,
  dedupeWindowMs: 120_000,
  discard: 'old',
  uncleanElection: false,
  timestamps: 'publisher',
  newestAt: new Date(NOW - 1_000),
};
const soundConsumer: ConsumerDescription = {
  name: 'billing-orders',
  madeBy: 'ebus',
  acknowledges: 'explicit',
  maxDeliveries: 0,
  maxUnsettled: 1_000,
  leaseMs: 30_000,
};
const soundGroup: GroupFigures = {
  group: 'billing',
  members: 1,
  lag: 3,
  partitions: [{ partition: 0, lag: 3, position: 5 }],
  consumers: [soundConsumer],
};

const ofFigures = (figures: Partial<TopicFigures>, over: Partial<SeenTopic> = {}): SeenTopic => ({
  name: 'orders',
  configured: {},
  plan: { value: outcome },
  figures: { value: { ...sound, ...figures } },
  groups: { value: [soundGroup] },
  reading: { value: undefined },
  publishing: { value: true },
  deadLetters: { value: { count: 0, oldest: undefined, parkedKeys: 0 } },
  deadLetterTopic: {
    name: 'orders.dlq',
    figures: { value: { ...sound, name: 'orders.dlq', retentionMs: 30 * DAY } },
    publishing: { value: true },
  },
  oldestUnread: new Map(),
  ...over,
});
const ofTopic = (over: Partial<SeenTopic> = {}) => ofFigures({}, over);
const ofLetters = (figures: Partial<TopicFigures>, over: Partial<TopicFigures> = {}) =>
  ofFigures(over, {
    deadLetterTopic: {
      name: 'orders.dlq',
      figures: { value: { ...sound, name: 'orders.dlq', retentionMs: 30 * DAY, ...figures } },
      publishing: { value: true },
    },
  });
const ofGroup = (group: Partial<GroupFigures>, over: Partial<SeenTopic> = {}) =>
  ofTopic({ groups: { value: [{ ...soundGroup, ...group }] }, ...over });
const ofConsumer = (consumer: Partial<ConsumerDescription>) =>
  ofGroup({ consumers: [{ ...soundConsumer, ...consumer }] });

const config: SeenConfig = {
  serviceName: 'shop',
  addresses: ['nats://localhost:4222'],
  isSecured: false,
  isBlind: false,
  makesTopics: true,
  hasStream: false,
  maxAckPending: 1_000,
  ackWaitMs: 30_000,
};
const seen = (topic: SeenTopic = ofTopic(), over: Partial<Seen> = {}): Seen => ({
  transport: 'nats',
  role: 'both',
  config,
  nodeVersion: 'v20.19.0',
  asked: NOW - 100,
  answered: NOW,
  now: NOW,
  capabilities,
  topics: [topic],
  listing: { value: [] },
  broker: { value: { version: '2.12.0', brokers: 3, now: new Date(NOW), positionsKeptMs: 7 * DAY } },
  ...over,
});
const configured = (over: Partial<SeenConfig>): Partial<Seen> => ({ config: { ...config, ...over } });

const refused = { error: { code: 'SUBSCRIBE_FAILED', text: 'permissions violation' } };
const outcome = { topic: 'orders', action: 'left', changed: [], mismatches: [], unsupported: [] } as const;
const mismatch = {
  topic: 'orders',
  field: 'replicas',
  expected: 3,
  actual: 2,
  recommendation: 'add a replica',
};
const mayNot = { value: false };
const lettersRefused = { ...ofTopic().deadLetterTopic, publishing: mayNot };
const noLetters = { ...ofTopic().deadLetterTopic, figures: { value: undefined } };

/** Each finding, and a bus that is sound but for it. */
const ILL: readonly (readonly [finding: string, topic: SeenTopic, over?: Partial<Seen>])[] = [
  ['warning not-secured', ofTopic(), configured({ addresses: ['nats://nats.internal:4222'] })],
  ['warning certificates-unchecked', ofTopic(), configured({ isSecured: true, isBlind: true })],
  ['warning no-service-name', ofTopic(), configured({ serviceName: undefined })],
  ['warning acks-not-all', ofTopic(), configured({ requiredAcks: 1 })],
  ['warning node-version', ofTopic(), { nodeVersion: 'v18.20.1' }],
  ['warning refused', ofTopic({ groups: refused })],
  ['warning refused', ofTopic({ reading: refused })],
  ['info cannot-ask', ofTopic(), { listing: refused }],
  ['info cannot-ask', ofTopic(), { broker: refused }],
  ['warning publish-refused', ofTopic({ publishing: mayNot })],
  ['warning dead-letters-refused', ofTopic({ deadLetterTopic: lettersRefused })],
  ['warning order-per-instance', ofTopic(), { capabilities: { ...capabilities, ordering: 'instance' } }],
  ['warning room', ofTopic(), { broker: { value: { room: [{ of: 'streams', used: 9, limit: 10 }] } } }],
  ['warning positions-expire', ofTopic(), { broker: { value: { positionsKeptMs: HOUR } } }],
  ['info makes-topics', ofTopic(), { broker: { value: { makesTopics: true } } }],
  ['warning clock-skew', ofTopic(), { broker: { value: { now: new Date(NOW - 6_000) } } }],
  ['warning clock-skew', ofFigures({ newestAt: new Date(NOW + 60_000) }), { broker: { value: {} } }],
  ['error topic-missing', ofTopic({ plan: { value: { ...outcome, action: 'created' } } })],
  [
    'warning topic-differs',
    ofTopic({ plan: { value: { ...outcome, action: 'changed', changed: ['retention'] } } }),
  ],
  [
    'warning topic-mismatch',
    ofTopic({ plan: { value: { ...outcome, action: 'mismatched', mismatches: [mismatch] } } }),
  ],
  ['info setting-unsupported', ofTopic({ plan: { value: { ...outcome, unsupported: ['partitions'] } } })],
  ['error memory-storage', ofFigures({ storage: 'memory' })],
  ['error per-subject-limit', ofFigures({ maxMessagesPerSubject: 1 })],
  ['error retention-kind', ofFigures({ retentionKind: 'interest' })],
  ['error retention-kind', ofFigures({ retentionKind: 'workqueue' })],
  ['warning compaction', ofFigures({ retentionKind: 'compaction' })],
  ['warning short-retention', ofFigures({ retentionMs: HOUR })],
  ['warning size-limit', ofFigures({ maxMessages: 1_000 })],
  ['warning size-limit', ofFigures({ maxBytes: 1_000 })],
  ['warning unclean-election', ofFigures({ uncleanElection: true })],
  ['warning acknowledged-early', ofFigures({ acknowledgesEarly: true })],
  ['error not-acknowledged', ofFigures({ acknowledged: false })],
  ['error not-writable', ofFigures({ writable: false })],
  ['error moved', ofFigures({ movedTo: 'old.orders' })],
  ['warning discards-new', ofFigures({ discard: 'new' })],
  ['warning dedupe-window', ofFigures({ dedupeWindowMs: 100 })],
  ['warning message-limit', ofFigures({ maxMessageBytes: 1_000 })],
  ['info timestamps', ofFigures({ timestamps: 'broker' })],
  ['error in-sync-unreachable', ofFigures({ replicas: 3, minReplicasInSync: 4 })],
  ['warning in-sync-too-few', ofFigures({ minReplicasInSync: 1 })],
  ['warning in-sync-all', ofFigures({ minReplicasInSync: 3 })],
  ['error no-leader', ofFigures({ leaderless: 1 })],
  ['warning under-replicated', ofFigures({ behindReplicas: 2 })],
  ['info one-replica', ofFigures({ replicas: 1, minReplicasInSync: 1 })],
  ['error group-without-members', ofGroup({ members: 0 })],
  ['warning lag', ofGroup({ lag: 10_001 })],
  ['error missed', ofGroup({ partitions: [{ partition: 0, lag: 3, position: 0 }] })],
  ['warning retention-overtakes', ofTopic({ oldestUnread: new Map([['billing', new Date(NOW - 6 * DAY)]]) })],
  ['warning retention-overtakes', ofFigures({ maxMessages: 3 }, { configured: { maxMessages: 3 } })],
  [
    'info standby-members',
    ofGroup({ members: 3 }, { figures: ofFigures({ partitions: 2 }).figures }),
    { capabilities: { ...capabilities, settle: 'prefix' } },
  ],
  ['info no-group', ofTopic({ groups: { value: [] } })],
  ['error consumer-gives-up', ofConsumer({ maxDeliveries: 5 })],
  ['error consumer-acknowledges', ofConsumer({ acknowledges: 'none' })],
  ['error consumer-headers-only', ofConsumer({ headersOnly: true })],
  ['error consumer-pushes', ofConsumer({ pushes: true })],
  ['error consumer-paused', ofConsumer({ pausedUntil: new Date(NOW + HOUR) })],
  ['warning consumer-forgotten', ofConsumer({ inactiveMs: HOUR })],
  ['warning consumer-in-memory', ofConsumer({ storage: 'memory' })],
  ['warning consumer-limits', ofConsumer({ maxUnsettled: 1 })],
  ['warning consumer-limits', ofConsumer({ leaseMs: 1_000 })],
  [
    'warning dead-letters',
    ofTopic({ deadLetters: { value: { count: 2, oldest: new Date(NOW), parkedKeys: 0 } } }),
  ],
  [
    'warning parked-keys',
    ofTopic({ deadLetters: { value: { count: 0, oldest: undefined, parkedKeys: 1 } } }),
  ],
  [
    'warning dead-letter-topic-missing',
    ofTopic({ deadLetterTopic: noLetters }),
    configured({ makesTopics: false }),
  ],
  ['warning dead-letter-retention', ofLetters({ retentionMs: DAY })],
  ['warning dead-letter-retention', ofLetters({ retentionMs: 7 * DAY }, { retentionMs: 0 })],
  ['error dead-letter-limit', ofLetters({ maxMessageBytes: 1_000 })],
];

const codes = (what: Seen) => judge(what).map(({ severity, code }) => `${severity} ${code}`);

describe('judge', () => {
  it('says nothing about a sound bus', () => {
    expect(judge(seen())).toEqual([]);
  });

  it.each(ILL.map(([finding, topic, over = {}]) => [finding, topic, over] as const))(
    'finds %s, and nothing else',
    (finding, topic, over) => {
      const found = judge(seen(topic, over));
      expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual([finding]);
      expect(found.every(({ evidence, remedy }) => evidence !== '' && remedy !== '')).toBe(true);
    },
  );

  it('has a case for each check, and a code for each', () => {
    const kinds = CHECKS.map(({ severity, code }) => `${severity} ${code}`);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect([...new Set(ILL.map(([finding]) => finding))].sort()).toEqual([...kinds].sort());
  });

  it('tells the values of a mismatch, and what to do', () => {
    const plan = { value: { ...outcome, action: 'mismatched', mismatches: [mismatch] } } as const;
    expect(judge(seen(ofTopic({ plan })))).toMatchObject([
      { code: 'topic-mismatch', evidence: 'replicas is 2, configured is 3', remedy: 'add a replica' },
    ]);
  });

  it('tells a broken promise once, although the plan refuses it, too', () => {
    const broken = { ...mismatch, field: 'storage', expected: 'file', actual: 'memory' };
    const plan = { value: { ...outcome, action: 'mismatched', mismatches: [broken] } } as const;
    expect(codes(seen(ofFigures({ storage: 'memory' }, { plan })))).toEqual(['error memory-storage']);
  });

  it('misses no permission that the role of a service does not need', () => {
    const publisher = ofTopic({
      groups: refused,
      reading: refused,
      deadLetters: refused,
      deadLetterTopic: lettersRefused,
    });
    expect(codes(seen(publisher, { role: 'publisher' }))).toEqual([]);
    expect(codes(seen(ofTopic({ publishing: mayNot }), { role: 'consumer' }))).toEqual([]);
  });

  it('judges the dead-letter topic as the others', () => {
    expect(judge(seen(ofLetters({ storage: 'memory' })))).toMatchObject([
      { code: 'memory-storage', about: 'orders.dlq' },
    ]);
  });

  it('judges no consumer of others, and no gap where a stream is shared', () => {
    expect(codes(seen(ofConsumer({ madeBy: 'others', maxDeliveries: 5 })))).toEqual([]);
    const partitions = [{ partition: 0, lag: 3, position: 0 }];
    const groups = { value: [{ ...soundGroup, partitions }] };
    expect(codes(seen(ofFigures({ alterable: false }, { groups })))).toEqual([]);
  });

  it('judges no promise of persistence of an ephemeral topic, and no topic that is not there', () => {
    const ephemeral = { persistence: 'ephemeral' } as const;
    expect(judge(seen(ofFigures({ storage: 'memory' }, { configured: ephemeral })))).toEqual([]);
    const missing = { error: { code: 'TOPIC_NOT_FOUND', text: 'no stream' } };
    const gone = { figures: { value: undefined }, groups: missing, reading: missing, publishing: missing };
    expect(judge(seen(ofTopic(gone)))).toEqual([]);
  });

  it('tells the worst first, and a refused login from a broker that is away', () => {
    expect(codes(seen(ofFigures({ replicas: 1, minReplicasInSync: 1, storage: 'memory' })))).toEqual([
      'error memory-storage',
      'info one-replica',
    ]);
    expect(noConnection('CONNECTION_FAILED', 'Authorization Violation').code).toBe('login-refused');
    expect(noConnection('UNAUTHORIZED', 'refused').code).toBe('login-refused');
    // The name of a host says nothing.
    for (const where of ['127.0.0.1:4222', 'nats://auth.example:4222', 'sasl-1.example:9092'])
      expect(noConnection('CONNECTION_FAILED', `ECONNREFUSED ${where}`).code).toBe('no-connection');
    expect(CONNECTION_CHECKS.map(({ code }) => code)).toEqual(['no-connection', 'login-refused']);
  });
});
