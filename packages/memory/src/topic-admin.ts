/** Topic administration of a broker. */
import {
  type DriverHost,
  type DriverTopicAdmin,
  EbusError,
  type GroupFigures,
  type TopicDescription,
  type TopicFigures,
  type TopicSpec,
} from '@ebus/core/driver';
import type { MemoryBroker } from './broker.js';
import type { TopicLog, TopicSettings } from './topic-log.js';

const SUPPORTED = ['persistence', 'retentionMs', 'maxBytes', 'maxMessages', 'description'] as const;

/** Partitions, replicas and compression have no meaning here; core reports them as unsupported. */
export function topicAdmin(broker: MemoryBroker, host: () => DriverHost): DriverTopicAdmin {
  return {
    supports: new Set<keyof TopicSpec>(SUPPORTED),

    ensure(topic, { create }) {
      if (broker.find(topic) !== undefined) return { created: false };
      if (create === undefined) throw missing(topic);
      broker.log(topic, create.persistence, host()).configure(supported(create));
      return { created: true };
    },

    async describe(topic) {
      const log = broker.find(topic);
      return log === undefined ? undefined : { name: topic, ...withoutNoLimits(log.settings) };
    },

    async create(topic, spec) {
      if (broker.find(topic) !== undefined) return false;
      broker.log(topic, spec.persistence, host()).configure(supported(spec));
      return true;
    },

    async alter(topic, changes) {
      const log = broker.find(topic);
      if (log === undefined) throw missing(topic);
      log.configure(supported(changes));
    },

    async listTopics(names) {
      const all = names === undefined ? [...broker.logs()] : names.flatMap((name) => broker.find(name) ?? []);
      return all.map(figuresOf);
    },

    async listGroups(topic) {
      const log = broker.find(topic);
      if (log === undefined) throw missing(topic);
      return log.groups.map((group): GroupFigures => {
        const { name, members, unsettledCount: lag, unreadCount: unread, position } = group;
        const partitions = [{ partition: 0, lag, position }];
        return { group: name, madeBy: 'ebus', members, lag, unsettled: lag - unread, partitions };
      });
    },

    async describeBroker() {
      return { brokers: 1, now: new Date(host().clock.now()) };
    },

    async mayPublish(topic) {
      if (broker.find(topic) === undefined) throw missing(topic);
      return true;
    },

    async missingRights(topic) {
      if (broker.find(topic) === undefined) throw missing(topic);
      return [];
    },
  };
}

function figuresOf(log: TopicLog): TopicFigures {
  const { name, settings, start: first, end: next, bytes } = log;
  const newest = log.at(next - 1);
  return {
    name,
    ...withoutNoLimits(settings),
    messages: next - first,
    bytes,
    ...(newest === undefined ? {} : { newestAt: new Date(newest.timestamp) }),
    logs: [{ partition: 0, first, next }],
  };
}

function missing(topic: string): EbusError {
  return new EbusError(`memory topic '${topic}' does not exist; create it first`, {
    code: 'TOPIC_NOT_FOUND',
  });
}

function supported(spec: Partial<TopicSpec>): Partial<TopicSettings> {
  return Object.fromEntries(
    SUPPORTED.filter((key) => spec[key] !== undefined).map((key) => [key, spec[key]]),
  );
}

function withoutNoLimits(settings: TopicSettings): Omit<TopicDescription, 'name'> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => typeof value !== 'number' || value > 0),
  );
}
