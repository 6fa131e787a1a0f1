/** What the doctor has seen of a sound bus, and the same with one thing wrong. */
import type {
  BrokerFigures,
  Capabilities,
  ConsumerDescription,
  GroupFigures,
  TopicFigures,
} from '@ebus/core';
import type { Seen, SeenConfig, SeenTopic } from '../doctor/seen.js';

export const NOW = Date.UTC(2026, 10, 26, 3);
export const [HOUR, DAY] = [3_600_000, 24 * 3_600_000];
export const outcome = {
  topic: 'orders',
  action: 'left',
  changed: [],
  mismatches: [],
  unsupported: [],
} as const;
export const capabilities = { ordering: 'cluster' } as Capabilities;

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
  deliversTopicOnly: true,
  backoffMs: [],
  maxRequest: { messages: 0, bytes: 0, expiresMs: 0 },
  maxDeliveries: 0,
  maxUnsettled: 1_000,
  leaseMs: 30_000,
};
export const soundGroup: GroupFigures = {
  group: 'billing',
  members: 1,
  lag: 3,
  partitions: [{ partition: 0, lag: 3, position: 5 }],
  consumers: [soundConsumer],
};

export const ofFigures = (figures: Partial<TopicFigures>, over: Partial<SeenTopic> = {}): SeenTopic => ({
  name: 'orders',
  configured: {},
  plan: { value: outcome },
  figures: { value: { ...sound, ...figures } },
  groups: { value: [soundGroup] },
  reading: { value: undefined },
  publishing: { value: true },
  missingRights: { value: [] },
  deadLetters: { value: { count: 0, oldest: undefined, parkedKeys: 0 } },
  deadLetterTopic: {
    name: 'orders.dlq',
    figures: { value: { ...sound, name: 'orders.dlq', retentionMs: 30 * DAY } },
    publishing: { value: true },
  },
  oldestUnread: new Map(),
  ...over,
});
export const ofTopic = (over: Partial<SeenTopic> = {}) => ofFigures({}, over);
export const ofLetters = (figures: Partial<TopicFigures>, over: Partial<TopicFigures> = {}) =>
  ofFigures(over, {
    deadLetterTopic: {
      name: 'orders.dlq',
      figures: { value: { ...sound, name: 'orders.dlq', retentionMs: 30 * DAY, ...figures } },
      publishing: { value: true },
    },
  });
export const ofGroup = (group: Partial<GroupFigures>, over: Partial<SeenTopic> = {}) =>
  ofTopic({ groups: { value: [{ ...soundGroup, ...group }] }, ...over });
export const ofConsumer = (consumer: Partial<ConsumerDescription>) =>
  ofGroup({ consumers: [{ ...soundConsumer, ...consumer }] });

export const config: SeenConfig = {
  serviceName: 'shop',
  addresses: ['nats://localhost:4222'],
  isSecured: false,
  isBlind: false,
  makesTopics: true,
  hasStream: false,
  maxAckPending: 1_000,
  ackWaitMs: 30_000,
  sessionMs: 30_000,
};
export const seen = (topic: SeenTopic = ofTopic(), over: Partial<Seen> = {}): Seen => ({
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
export const configured = (over: Partial<SeenConfig>): Partial<Seen> => ({ config: { ...config, ...over } });

export const ofBroker = (value: BrokerFigures): Partial<Seen> => ({ broker: { value } });
