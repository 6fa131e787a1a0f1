/** Topic administration over streams. */
import {
  type DriverTopicAdmin,
  EbusError,
  type TopicDescription,
  type TopicSpec,
  UnsupportedError,
} from '@ebus/core/driver';
import type { StreamConfig } from '@nats-io/jetstream';
import type { ResolvedNatsConfig } from './config-schema.js';
import { isUnauthorized } from './errors.js';
import type { Inspection } from './inspection.js';
import { covers } from './names.js';
import { holdsOnly, presentLayout } from './partitions/layout.js';
import { movedBy } from './stream-verdict.js';
import type { Streams } from './streams.js';

/** A stream's compression is the server's own (S2) and none of ebus' codecs. */
const SUPPORTED = [
  'persistence',
  'retentionMs',
  'maxBytes',
  'maxMessages',
  'replicas',
  'description',
] as const;

type StreamSettings = Pick<ResolvedNatsConfig['jetstream']['stream'], 'replicas' | 'storage'>;

/** Asked anew for each topic. */
export interface TopicAdminParts {
  streams(): Streams | undefined;
  inspection(): Inspection | undefined;
  /** The topic is taken for there without a question. */
  isTrusted(topic: string): boolean;
  /** A topic that may have partitions is about to be published to. */
  publishes(topic: string): void;
  /** The server has consumers with a single active client, which partitions need. */
  hasPartitions(): boolean;
}

/** Creates, describes and alters topics as streams. */
export function topicAdmin(
  { streams, inspection, isTrusted, hasPartitions, publishes }: TopicAdminParts,
  { replicas, storage }: StreamSettings,
): DriverTopicAdmin {
  const described = (topic: string, config: StreamConfig): TopicDescription => {
    const description = describe(topic, config, storage);
    return hasPartitions()
      ? { ...description, partitions: presentLayout(topic, config).partitions }
      : description;
  };
  return {
    get supports() {
      return new Set<keyof TopicSpec>(hasPartitions() ? [...SUPPORTED, 'partitions'] : SUPPORTED);
    },
    canReducePartitions: true,

    /** Over JetStream, or over Core NATS. */
    persistenceIs: 'route',

    /** `nats.jetstream.stream.replicas` is for the streams of single topics, too. */
    defaults: () => (replicas === undefined ? {} : { replicas }),

    async ensure(topic, { persistence, create, use }) {
      if (persistence === 'ephemeral' || isTrusted(topic)) return { created: false };
      const at = required(streams());
      try {
        const found = await at.findUsable(topic);
        if (use === 'publish' && (found === undefined || holdsOnly(topic, found.config))) publishes(topic);
        if (found !== undefined) return { created: false, description: described(topic, found.config) };
      } catch (error) {
        // A login that may publish and nothing else: the answer to the message says whether a stream takes it.
        if (use === 'publish' && isUnauthorized(error)) return { created: false };
        throw error;
      }
      if (create === undefined) {
        throw new EbusError(`no stream holds '${topic}'`, { code: 'TOPIC_NOT_FOUND' });
      }
      return { created: await at.create(topic, create) };
    },

    /** A topic that no stream holds is not there for the server, though it can be used over Core NATS. */
    async describe(topic) {
      const info = await streams()?.find(topic);
      return info === undefined ? undefined : described(topic, info.config);
    },

    create(topic, spec) {
      return required(streams()).create(topic, spec);
    },

    async alter(topic, changes) {
      await required(streams()).alter(topic, changes);
    },

    listTopics(names) {
      return required(inspection()).topics(names, described);
    },

    listGroups(topic) {
      return required(inspection()).groups(topic);
    },

    describeBroker(options) {
      return required(inspection()).broker(options);
    },

    mayPublish(topic, options) {
      return required(inspection()).mayPublish(topic, options);
    },

    missingRights(topic, group) {
      return required(inspection()).missingRights(topic, group);
    },
  };
}

function describe(topic: string, config: StreamConfig, wanted: StreamSettings['storage']): TopicDescription {
  const { max_age: maxAge, max_bytes: maxBytes, max_msgs: maxMessages, max_msg_size: maxMessage } = config;
  const { duplicate_window: window = 0 } = config;
  const movedTo = movedBy(topic, config);
  return {
    name: topic,
    persistence: 'persistent',
    ...(maxAge > 0 ? { retentionMs: maxAge / 1_000_000 } : {}),
    ...(maxBytes > 0 ? { maxBytes } : {}),
    ...(maxMessages > 0 ? { maxMessages } : {}),
    replicas: config.num_replicas,
    ...(config.description === undefined ? {} : { description: config.description }),
    heldBy: `stream '${config.name}'`,
    retentionKind: config.retention,
    acknowledged: config.no_ack !== true,
    // Who configures memory has decided that a restart may lose everything: there is nothing to judge.
    ...(wanted === 'memory' ? {} : { storage: config.storage }),
    maxMessagesPerSubject: Math.max(0, config.max_msgs_per_subject ?? 0),
    discard: config.discard,
    writable: config.sealed !== true && config.mirror === undefined,
    ...(movedTo === undefined ? {} : { movedTo }),
    // A stream that is configured for the topic, and has other subjects. A mirror has none.
    ...(config.mirror === undefined && !takes(topic, config) ? { takesName: false } : {}),
    ...(window > 0 ? { dedupeWindowMs: window / 1_000_000 } : {}),
    ...(config.persist_mode === 'async' ? { acknowledgesEarly: true } : {}),
    ...(maxMessage !== undefined && maxMessage > 0 ? { maxMessageBytes: maxMessage } : {}),
    alterable: holdsOnly(topic, config),
  };
}

const takes = (topic: string, config: StreamConfig) =>
  holdsOnly(topic, config) || (config.subjects ?? []).some((subject) => covers(subject, topic));

function required<Part>(ofJetStream: Part | undefined): Part {
  if (ofJetStream !== undefined) return ofJetStream;
  throw new UnsupportedError(
    'nats.jetstream.enabled is false, and persistent topics need JetStream; configure the topic as ephemeral',
  );
}
