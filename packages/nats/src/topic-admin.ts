/** Topic administration over streams. */
import {
  type DriverTopicAdmin,
  type TopicDescription,
  type TopicSpec,
  UnsupportedError,
} from '@ebus/core/driver';
import type { StreamConfig } from '@nats-io/jetstream';
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

export function topicAdmin(
  streams: () => Streams | undefined,
  { replicas }: { readonly replicas?: number | undefined } = {},
): DriverTopicAdmin {
  return {
    supports: new Set<keyof TopicSpec>(SUPPORTED),
    /** Over JetStream, or over Core NATS. */
    persistenceIs: 'route',

    /** `nats.jetstream.stream.replicas` is for the streams of single topics, too. */
    defaults: () => (replicas === undefined ? {} : { replicas }),

    /** A topic that no stream holds is not there for the server, though it can be used over Core NATS. */
    async describe(topic) {
      const info = await streams()?.info(topic);
      return info === undefined ? undefined : description(topic, info.config);
    },

    create(topic, spec) {
      return required(streams()).create(topic, spec);
    },

    async alter(topic, changes) {
      await required(streams()).alter(topic, changes);
    },
  };
}

function description(topic: string, config: StreamConfig): TopicDescription {
  const { max_age: maxAge, max_bytes: maxBytes, max_msgs: maxMessages } = config;
  return {
    name: topic,
    persistence: 'persistent',
    ...(maxAge > 0 ? { retentionMs: maxAge / 1_000_000 } : {}),
    ...(maxBytes > 0 ? { maxBytes } : {}),
    ...(maxMessages > 0 ? { maxMessages } : {}),
    replicas: config.num_replicas,
    ...(config.description === undefined ? {} : { description: config.description }),
    heldBy: `stream '${config.name}'`,
    alterable: holdsOnly(config, topic),
  };
}

function required(streams: Streams | undefined): Streams {
  if (streams !== undefined) return streams;
  throw new UnsupportedError(
    'nats.jetstream.enabled is false, and persistent topics need JetStream; configure the topic as ephemeral',
  );
}
