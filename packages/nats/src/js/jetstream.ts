/** The parts of persistent topics: streams, consumers, and subscriptions to them. */
import {
  type BrowseSpec,
  type CallOptions,
  type DriverHost,
  EbusError,
  type IncomingMessage,
  type SubscriptionSink,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import type { StreamInfo } from '@nats-io/jetstream';
import { nuid } from '@nats-io/transport-node';
import { ackPolicyFor, checkRemovals } from '../ack-policy.js';
import { Api } from '../api.js';
import { hasManyFilters, hasSingleActive, versionOf } from '../capabilities.js';
import type { ResolvedNatsConfig } from '../config-schema.js';
import type { Reached } from '../consume-rights.js';
import { Consumers } from '../consumers.js';
import { Inspection } from '../inspection.js';
import type { Link } from '../link.js';
import { consumerName, memberSubject, unifiedName } from '../names.js';
import { FollowingSubscription, type LayoutReader } from '../partitions/following.js';
import { Generations } from '../partitions/generations.js';
import { holdsOnly, type Layout, presentLayout } from '../partitions/layout.js';
import { LayoutNews } from '../partitions/layout-news.js';
import { Readers } from '../partitions/readers.js';
import {
  type GroupNames,
  layoutOfGroup,
  positionsOf,
  type Reading,
  readingOf,
} from '../partitions/reading.js';
import { Streams } from '../streams.js';
import { browse } from './browse.js';
import type { SharedSubscription } from './shared-consumer.js';
import { SharedConsumers } from './shared-consumers.js';

const DEFAULT_API_PREFIX = '$JS.API';

type PersistentSubscription = LayoutReader | SharedSubscription | FollowingSubscription;

/** Persistent topics of one bus, over whichever link is present. */
export class JetStream {
  readonly streams: Streams;
  readonly news = new LayoutNews();
  readonly inspection: Inspection;
  readonly #config: ResolvedNatsConfig['jetstream'];
  readonly #host: DriverHost;
  readonly #link: () => Link;
  readonly #api: Api;
  readonly #consumers: Consumers;
  readonly #shared: SharedConsumers;
  readonly #published = new Set<string>();

  constructor({ jetstream: config, urls }: ResolvedNatsConfig, host: DriverHost, link: () => Link) {
    this.#config = config;
    this.#host = host;
    this.#link = link;
    this.#api = new Api({
      urls,
      isThere: () =>
        (config.domain ?? config.apiPrefix) !== undefined || link().connection.info?.jetstream === true,
      manager: () => link().manager,
    });
    const { ackWait, consumer } = config;
    const { maxAckPending, maxWaiting, replayPolicy } = consumer;
    this.#consumers = new Consumers(
      this.#api,
      { ackWait, maxAckPending, maxWaiting, replayPolicy },
      host.logger,
    );
    const strategy = config.topicConfigStrategy ?? host.topicConfigStrategy;
    const onLaidAnew = (topic: string) => this.news.tell(topic);
    this.streams = new Streams({ config, logger: host.logger, strategy, api: this.#api, onLaidAnew });
    this.inspection = new Inspection({
      api: this.#api,
      link,
      streams: this.streams,
      template: consumer.name,
      defaultGroup: host.defaultGroup,
      reached: (topic, group, info) => this.#reached(topic, group, info),
    });
    this.#shared = new SharedConsumers({
      ...this.#pullerParts(),
      api: this.#api,
      topics: consumer.topics,
      ackPolicy: consumer.ackPolicy,
    });
  }

  /** @throws EbusError `TOPIC_NOT_FOUND` where no stream holds the topic; ConfigError where the consumer cannot be used */
  async open(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    onClosed: (subscription: PersistentSubscription) => void,
    options: CallOptions,
  ): Promise<PersistentSubscription> {
    const { consumer: settings } = this.#config;
    const ackPolicy = ackPolicyFor(spec, settings.ackPolicy, this.#isShared(spec));
    const found = await this.streams.findUsable(spec.topic);
    if (found === undefined)
      throw new EbusError(`no stream holds '${spec.topic}'`, { code: 'TOPIC_NOT_FOUND' });
    const stream = found.config.name;
    if (ackPolicy === 'all') checkRemovals(spec.topic, found.config);
    const isPlain = presentLayout(spec.topic, found.config).space === undefined;
    if (isPlain && this.#isShared(spec)) {
      const joined = await this.#shared.join(spec, found, sink, onClosed, options);
      if (joined !== undefined) return joined;
    }
    const base = consumerName(spec.group, spec.topic, settings.name);
    const name = spec.durable ? base : `${base}-${nuid.next()}`;
    const from = (spec.durable ? settings.startSequence : undefined) ?? spec.from;
    const { durable, ordering, topic } = spec;
    const generations = new Generations({
      topic,
      consumers: this.#consumers,
      streams: this.streams,
      settings: { name, durable, ordering, from, ackPolicy },
    });
    const parts = { ...this.#pullerParts(), sink, api: this.#api };
    const readers = new Readers({ ...parts, spec, generations, memberSubject: memberSubject(stream, base) });
    const layout = await generations.current(found);
    const mayChange = durable && holdsOnly(topic, found.config) && this.#hasPartitions;
    if (!mayChange) return readers.open(layout, found, onClosed);
    const open = (of: Layout, now: StreamInfo) => readers.open(of, now);
    const { clock, logger } = this.#host;
    const onNews = (listener: () => void) => this.news.on(topic, listener);
    const failed = (error: unknown) => sink.failed(error);
    const following = {
      topic,
      streams: this.streams,
      generations,
      clock,
      logger,
      open,
      onNews,
      failed,
      onClosed,
    };
    return new FollowingSubscription(following, await open(layout, found), layout, found);
  }

  get #hasPartitions(): boolean {
    return hasSingleActive(versionOf(this.#link().connection.info));
  }

  /** Records go to the partitions that the topic has, also once it has others. */
  publishes(topic: string): void {
    if (this.#published.has(topic)) return;
    this.#published.add(topic);
    this.news.on(topic, () => void this.streams.find(topic).catch(() => {}));
  }

  /**
   * Declared topics share a consumer in the configured group, where the server can filter by many; other groups read them like
   * any topic.
   */
  isDeclared({ topic, group, durable }: Pick<SubscriptionSpec, 'topic' | 'group' | 'durable'>): boolean {
    return durable && group === this.#host.defaultGroup && this.#config.consumer.topics.includes(topic);
  }

  #isShared(spec: Pick<SubscriptionSpec, 'topic' | 'group' | 'durable'>): boolean {
    return this.isDeclared(spec) && hasManyFilters(versionOf(this.#link().connection.info));
  }

  #reached(topic: string, group: string, { config }: StreamInfo): Reached | undefined {
    if (presentLayout(topic, config).space !== undefined) return undefined;
    const stream = config.name;
    const { apiPrefix } = this.#pullerParts();
    const { inboxPrefix } = this.#link();
    if (this.#isShared({ topic, group, durable: true })) {
      const consumer = unifiedName(group);
      return { stream, consumer, madeBy: `DURABLE.CREATE.${stream}.${consumer}`, apiPrefix, inboxPrefix };
    }
    const consumer = consumerName(group, topic, this.#config.consumer.name);
    return { stream, consumer, madeBy: `CREATE.${stream}.${consumer}.${topic}`, apiPrefix, inboxPrefix };
  }

  #pullerParts() {
    const { consumer, apiPrefix, domain, ackWait } = this.#config;
    return {
      ackWait,
      consumers: this.#consumers,
      streams: this.streams,
      clock: this.#host.clock,
      logger: this.#host.logger,
      apiPrefix: apiPrefix ?? (domain === undefined ? DEFAULT_API_PREFIX : `$JS.${domain}.API`),
      maxAckPending: consumer.maxAckPending,
    };
  }

  async *browse(spec: BrowseSpec, options: CallOptions): AsyncGenerator<IncomingMessage> {
    const { topic, from } = spec;
    const found = await this.streams.find(topic);
    if (found === undefined) return;
    const { name: stream } = found.config;
    const group =
      typeof from === 'object' && 'group' in from ? this.#names(from.group, topic, stream) : undefined;
    const begun = group && (await layoutOfGroup(this.#consumers, topic, found, group));
    const reading = readingOf(spec, found, begun);
    const after = group ? await positionsOf(this.#consumers, reading, group) : startOf(from, reading);
    yield* browse(reading, after, options, { link: this.#link, streams: this.streams, stream });
  }

  #names(group: string, topic: string, stream: string): GroupNames {
    const base = consumerName(group, topic, this.#config.consumer.name);
    const isDeclared = this.isDeclared({ topic, group, durable: true });
    return { stream, base, others: isDeclared ? [unifiedName(group)] : [] };
  }
}

/** Up to where each partition of a topic is left out; undefined: nothing is. */
function startOf(from: BrowseSpec['from'], { partition = 0, layout }: Reading) {
  if (from instanceof Date) return from;
  if (from === 'earliest' || 'group' in from) return undefined;
  // The partitions of a topic share one numbering: a position in the topic holds for each of them.
  const first = Number(from.at.get(partition) ?? from.at.get(0) ?? 1);
  return new Map(Array.from({ length: layout.partitions }, (_, of) => [of, first - 1]));
}
