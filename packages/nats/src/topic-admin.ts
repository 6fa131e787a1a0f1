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
import { holdsOnly, type Streams } from './streams.js';

/** Partitions are Kafka's; a stream's compression is the server's own (S2) and none of ebus' codecs. */
const SUPPORTED = [
  'persistence',
  'retentionMs',
  'maxBytes',
  'maxMessages',
  'replicas',
  'description',
] as const;

type StreamSettings = Pick<ResolvedNatsConfig['jetstream']['stream'], 'replicas' | 'storage'>;

/** `isTrusted`: the topic is taken for there without a question. */
export function topicAdmin(
  streams: () => Streams | undefined,
  isTrusted: (topic: string) => boolean,
  { replicas, storage }: StreamSettings,
): DriverTopicAdmin {
  return {
    supports: new Set<keyof TopicSpec>(SUPPORTED),
    /** Over JetStream, or over Core NATS. */
    persistenceIs: 'route',

    /** `nats.jetstream.stream.replicas` is for the streams of single topics, too. */
    defaults: () => (replicas === undefined ? {} : { replicas }),

    async ensure(topic, { persistence, create, use }) {
      if (persistence === 'ephemeral' || isTrusted(topic)) return { created: false };
      const at = required(streams());
      try {
        const found = await at.findUsable(topic);
        if (found !== undefined)
          return { created: false, description: describe(topic, found.config, storage) };
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
      return info === undefined ? undefined : describe(topic, info.config, storage);
    },

    create(topic, spec) {
      return required(streams()).create(topic, spec);
    },

    async alter(topic, changes) {
      await required(streams()).alter(topic, changes);
    },
  };
}

function describe(topic: string, config: StreamConfig, wanted: StreamSettings['storage']): TopicDescription {
  const { max_age: maxAge, max_bytes: maxBytes, max_msgs: maxMessages, max_msg_size: maxMessage } = config;
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
    ...(maxMessage !== undefined && maxMessage > 0 ? { maxMessageBytes: maxMessage } : {}),
    alterable: holdsOnly(config, topic),
  };
}

function required(streams: Streams | undefined): Streams {
  if (streams !== undefined) return streams;
  throw new UnsupportedError(
    'nats.jetstream.enabled is false, and persistent topics need JetStream; configure the topic as ephemeral',
  );
}
