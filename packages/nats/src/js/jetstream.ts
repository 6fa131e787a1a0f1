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
import { nuid } from '@nats-io/transport-node';
import { Api } from '../api.js';
import { hasManyFilters, versionOf } from '../capabilities.js';
import type { ResolvedNatsConfig } from '../config-schema.js';
import { type ConsumerSpec, filtersOf } from '../consumer-plan.js';
import { Consumers } from '../consumers.js';
import type { Link } from '../link.js';
import { consumerName, unifiedName } from '../names.js';
import { Streams } from '../streams.js';
import { browse } from './browse.js';
import type { SharedSubscription } from './shared-consumer.js';
import { SharedConsumers } from './shared-consumers.js';
import { JetStreamSubscription } from './subscription.js';

const DEFAULT_API_PREFIX = '$JS.API';

type PersistentSubscription = JetStreamSubscription | SharedSubscription;

/** Persistent topics of one bus, over whichever link is present. */
export class JetStream {
  readonly streams: Streams;
  readonly #config: ResolvedNatsConfig['jetstream'];
  readonly #host: DriverHost;
  readonly #link: () => Link;
  readonly #api: Api;
  readonly #consumers: Consumers;
  readonly #shared: SharedConsumers;

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
    this.streams = new Streams({ config, logger: host.logger, strategy, api: this.#api });
    this.#shared = new SharedConsumers({
      ...this.#pullerParts(),
      api: this.#api,
      topics: consumer.topics,
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
    const found = await this.streams.findUsable(spec.topic);
    if (found === undefined)
      throw new EbusError(`no stream holds '${spec.topic}'`, { code: 'TOPIC_NOT_FOUND' });
    const stream = found.config.name;
    if (this.#isShared(spec)) {
      const joined = await this.#shared.join(spec, found, sink, onClosed, options);
      if (joined !== undefined) return joined;
    }
    const name = consumerName(spec.group, spec.topic, settings.name);
    const consumer: ConsumerSpec = {
      stream,
      name: spec.durable ? name : `${name}-${nuid.next()}`,
      filters: [spec.topic],
      durable: spec.durable,
      from: (spec.durable ? settings.startSequence : undefined) ?? spec.from,
      singleActive: spec.ordering === 'cluster',
    };
    const info = await this.#consumers.ensure(consumer);
    return new JetStreamSubscription(
      { ...this.#pullerParts(), spec, sink, api: this.#api, onClosed },
      { spec: consumer, info, incarnation: found.created },
    );
  }

  /**
   * Declared topics share a consumer in the configured group, where the server can filter by many; other groups read them like
   * any topic.
   */
  isDeclared({ topic, group, durable }: Pick<SubscriptionSpec, 'topic' | 'group' | 'durable'>): boolean {
    return durable && group === this.#host.defaultGroup && this.#config.consumer.topics.includes(topic);
  }

  #isShared(spec: SubscriptionSpec): boolean {
    return this.isDeclared(spec) && hasManyFilters(versionOf(this.#link().connection.info));
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
    const found = await this.streams.find(spec.topic);
    if (found === undefined) return;
    const { streams } = this;
    const link = this.#link;
    const positionOf = (group: string) => this.#positionOf(group, spec.topic, found.config.name);
    const parts = { link, streams, stream: found.config.name, positionOf };
    yield* browse(spec, options, parts);
  }

  /** Up to where a group has settled a topic; 0 where it has nothing. */
  async #positionOf(group: string, topic: string, stream: string): Promise<number> {
    const names = [consumerName(group, topic, this.#config.consumer.name)];
    const isDeclared = this.isDeclared({ topic, group, durable: true });
    if (isDeclared) names.unshift(unifiedName(group));
    for (const name of names) {
      const found = await this.#consumers.find({ stream, name });
      if (found === undefined || !filtersOf(found.config).includes(topic)) continue;
      return found.ack_floor.stream_seq;
    }
    return 0;
  }
}
