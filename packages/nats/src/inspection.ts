/** The server's topics in figures, and the groups that read them. Asks only; makes nothing. */
import {
  type BrokerFigures,
  type CallOptions,
  EbusError,
  type GroupFigures,
  type LogEnds,
  type TopicDescription,
  type TopicFigures,
} from '@ebus/core/driver';
import type { ConsumerInfo, JetStreamAccountStats, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { Api } from './api.js';
import { missingRights, type Reached } from './consume-rights.js';
import { groupFigures } from './group-figures.js';
import { LOOK } from './js/browse.js';
import type { Link } from './link.js';
import { checkSubject } from './names.js';
import { holdsOnly, presentLayout, subjectOf } from './partitions/layout.js';
import { allows, loginInfo, tryPublish } from './publish-rights.js';
import type { Streams } from './streams.js';

/** Streams that are asked about at once. */
const AT_ONCE = 8;

interface InspectionOptions {
  readonly api: Api;
  readonly link: () => Link;
  readonly streams: Streams;
  /** `nats.jetstream.consumer.name`. */
  readonly template: string | undefined;
  readonly defaultGroup: string | undefined;
  /** The consumer of a group. Undefined for a topic with partitions, which has several. */
  readonly reached: (topic: string, group: string, info: StreamInfo) => Reached | undefined;
}

type Describe = (topic: string, config: StreamConfig) => TopicDescription;

/** Questions of operators about one server. May be asked concurrently. */
export class Inspection {
  readonly #options: InspectionOptions;

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** Those of these names, or all that streams hold. Streams of key-value and object stores are none. */
  async topics(names: readonly string[] | undefined, describe: Describe): Promise<TopicFigures[]> {
    const { streams } = this.#options;
    if (names === undefined) {
      const all = await this.#each(await this.#streams(), (info) => this.#topicsIn(info, describe));
      return all.flat();
    }
    const found = await this.#each(names, async (topic) => {
      const info = await streams.find(topic);
      return info === undefined ? [] : [await this.#figures(topic, info, describe)];
    });
    return found.flat();
  }

  /** @throws EbusError `TOPIC_NOT_FOUND` */
  async groups(topic: string): Promise<GroupFigures[]> {
    const { api, streams, template, defaultGroup: known } = this.#options;
    const info = await streams.find(topic);
    if (info === undefined) throw noStream(topic);
    const { name: stream } = info.config;
    const consumers = await api.ask(`listing the consumers of stream '${stream}'`, (manager) =>
      listed<ConsumerInfo>(manager.consumers.list(stream)),
    );
    const readers = consumers.filter(({ name }) => !name.startsWith(LOOK));
    return groupFigures(readers, info, { topic, template, known });
  }

  async broker(_: CallOptions): Promise<BrokerFigures> {
    const { api, link } = this.#options;
    const present = link();
    const { version, connect_urls: urls } = present.connection.info ?? {};
    const [account, login] = await Promise.all([
      api.ask('asking for the account', (manager) => manager.getAccountInfo()),
      loginInfo(present),
    ]);
    return {
      ...(version === undefined ? {} : { version }),
      brokers: Math.max(1, urls?.length ?? 1),
      ...(login?.now === undefined ? {} : { now: login.now }),
      room: roomOf(account),
    };
  }

  /** Asks for the rights of this login; where it may not, a message is sent that no stream stores. */
  async mayPublish(topic: string, options: CallOptions): Promise<boolean> {
    const { streams, link } = this.#options;
    const info = await streams.find(topic);
    if (info === undefined) throw noStream(topic);
    const layout = presentLayout(topic, info.config);
    const subject = layout.partitions > 1 ? subjectOf(layout, 0) : topic;
    const login = await loginInfo(link());
    return login === undefined ? tryPublish(link(), subject, options) : allows(login, subject);
  }

  /** Where the login may not ask for its rights, nothing is known to be missing. */
  async missingRights(topic: string, group: string): Promise<string[]> {
    const { streams, link, reached } = this.#options;
    const info = await streams.find(topic);
    if (info === undefined) throw noStream(topic);
    const consumer = reached(topic, group, info);
    const login = consumer === undefined ? undefined : await loginInfo(link());
    return consumer === undefined || login === undefined ? [] : missingRights(login, consumer);
  }

  #streams(): Promise<StreamInfo[]> {
    return this.#options.api.ask('listing streams', (manager) => listed<StreamInfo>(manager.streams.list()));
  }

  async #topicsIn(info: StreamInfo, describe: Describe): Promise<TopicFigures[]> {
    const { subjects } = info.config;
    const [first] = subjects ?? [];
    if (first === undefined || !isTopic(first.replace(/[*>]/g, 'x'))) return [];
    if (holdsOnly(first, info.config)) return [ofOwnStream(first, info, describe)];
    const counts = await this.#counts(info, '>');
    const empty = subjects.filter((subject) => !/[*>]/.test(subject) && counts[subject] === undefined);
    const names = [...Object.keys(counts), ...empty].filter(isTopic);
    return names.map((topic) => ofSharedStream(topic, info, counts[topic] ?? 0, describe));
  }

  async #figures(topic: string, info: StreamInfo, describe: Describe): Promise<TopicFigures> {
    if (holdsOnly(topic, info.config)) return ofOwnStream(topic, info, describe);
    const counts = await this.#counts(info, topic);
    return ofSharedStream(topic, info, counts[topic] ?? 0, describe);
  }

  async #counts({ config: { name } }: StreamInfo, filter: string): Promise<Record<string, number>> {
    const { state } = await this.#options.api.ask(`asking for the subjects of stream '${name}'`, (manager) =>
      manager.streams.info(name, { subjects_filter: filter }),
    );
    return state.subjects ?? {};
  }

  async #each<In, Out>(all: readonly In[], ask: (one: In) => Promise<Out>): Promise<Out[]> {
    const answers: Out[] = [];
    for (let i = 0; i < all.length; i += AT_ONCE)
      answers.push(...(await Promise.all(all.slice(i, i + AT_ONCE).map(ask))));
    return answers;
  }
}

const noStream = (topic: string) => new EbusError(`no stream holds '${topic}'`, { code: 'TOPIC_NOT_FOUND' });

/** Limits that there are. Accounts with tiers have theirs in the tiers. */
function roomOf({ tiers = {}, ...account }: JetStreamAccountStats): NonNullable<BrokerFigures['room']> {
  const each = Object.values(tiers).flatMap((tier) => (tier === undefined ? [] : [tier]));
  return (each.length === 0 ? [account] : each).flatMap(({ limits, ...used }) =>
    [
      { of: 'file storage', used: used.storage, limit: limits.max_storage },
      { of: 'memory', used: used.memory, limit: limits.max_memory },
      { of: 'streams', used: used.streams, limit: limits.max_streams },
      { of: 'consumers', used: used.consumers, limit: limits.max_consumers },
    ].filter(({ limit }) => limit > 0),
  );
}

function ofOwnStream(topic: string, info: StreamInfo, describe: Describe): TopicFigures {
  const { state } = info;
  const { messages, bytes } = state;
  return { ...describe(topic, info.config), messages, bytes, ...timeOf(state), ...conditionOf(info) };
}

/** Its size, and when its newest message was stored, only the whole stream has. */
function ofSharedStream(topic: string, info: StreamInfo, messages: number, describe: Describe): TopicFigures {
  return { ...describe(topic, info.config), messages, ...conditionOf(info) };
}

/** What topics that share a stream have in common. */
function conditionOf({
  config,
  state,
  cluster,
}: StreamInfo): Pick<TopicFigures, 'logs' | 'room' | 'behindReplicas' | 'leaderless'> {
  const isBehind = (cluster?.replicas ?? []).some(({ current, offline }) => !current || offline);
  const room = [
    { of: 'messages', used: state.messages, limit: config.max_msgs },
    { of: 'bytes', used: state.bytes, limit: config.max_bytes },
  ].filter(({ limit }) => limit > 0);
  return {
    logs: logsOf(state),
    ...(room.length === 0 ? {} : { room }),
    ...(isBehind ? { behindReplicas: 1 } : {}),
    ...(cluster !== undefined && !cluster.leader ? { leaderless: 1 } : {}),
  };
}

/** The partitions of a topic share one stream, and so one numbering: they are one log. */
function logsOf({ first_seq: first, last_seq: last }: StreamInfo['state']): LogEnds[] {
  return [{ partition: 0, first: Math.max(1, first), next: last + 1 }];
}

function timeOf({ messages, last_ts: newest }: StreamInfo['state']): { newestAt?: Date } {
  const at = new Date(newest as unknown as string);
  return messages === 0 || Number.isNaN(at.getTime()) ? {} : { newestAt: at };
}

function isTopic(subject: string): boolean {
  try {
    checkSubject(subject);
    return true;
  } catch {
    return false;
  }
}

async function listed<T>(lister: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of lister) all.push(one);
  return all;
}
