/** Which topics share a consumer, and the consumers that are shared here. */
import {
  type CallOptions,
  ConfigError,
  type SubscriptionSink,
  type SubscriptionSpec,
  UnsupportedError,
} from '@ebus/core/driver';
import type { StreamInfo } from '@nats-io/jetstream';
import { type ConsumerSpec, filtersOf, isSingleActive } from '../consumer-plan.js';
import { unifiedName } from '../names.js';
import { SharedConsumer, type SharedOptions, type SharedSubscription } from './shared-consumer.js';

/** Told from consumers that others made under the same name. */
const DESCRIPTION = 'ebus unified';

interface SharedConsumersOptions extends Omit<SharedOptions, 'expected'> {
  /** `nats.jetstream.consumer.topics`. */
  readonly topics: readonly string[];
  readonly ackPolicy: ConsumerSpec['ackPolicy'];
}

/** Opens one shared consumer per stream and group. Concurrent joins get the same one. */
export class SharedConsumers {
  readonly #options: SharedConsumersOptions;
  /** By stream and group. */
  readonly #open = new Map<string, Promise<SharedConsumer>>();

  constructor(options: SharedConsumersOptions) {
    this.#options = options;
  }

  /** Undefined where the topic has a consumer of its own: it was declared after the shared one was made. */
  async join(
    spec: SubscriptionSpec,
    stream: StreamInfo,
    sink: SubscriptionSink,
    onClosed: (subscription: SharedSubscription) => void,
    options: CallOptions,
  ): Promise<SharedSubscription | undefined> {
    const key = `${stream.config.name} ${spec.group}`;
    for (;;) {
      let shared = this.#open.get(key);
      if (shared === undefined) {
        shared = this.#make(spec, stream);
        this.#open.set(key, shared);
        shared.catch(() => this.#open.delete(key));
      }
      const one = await shared;
      if (one.closing === undefined) return await this.#joined(one, spec, sink, onClosed);
      // The next one must find everything settled that this one hands back.
      await one.closing;
      options.signal.throwIfAborted();
      if (this.#open.get(key) === shared) this.#open.delete(key);
    }
  }

  async #joined(
    shared: SharedConsumer,
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    onClosed: (subscription: SharedSubscription) => void,
  ): Promise<SharedSubscription | undefined> {
    const { expected } = shared.options;
    const { from } = shared.puller.locator.spec;
    if (!expected.includes(spec.topic)) return undefined;
    if (from.valueOf() === spec.from.valueOf()) return shared.join(spec, sink, onClosed);
    throw new UnsupportedError(
      `the topics of a unified consumer begin at one position, and '${spec.topic}' asks for another one; ` +
        'take it out of nats.jetstream.consumer.topics, or give the same start',
    );
  }

  async #make(spec: SubscriptionSpec, { config, created }: StreamInfo): Promise<SharedConsumer> {
    const { consumers, streams, topics } = this.#options;
    const stream = config.name;
    const name = unifiedName(spec.group);
    const found = await consumers.find({ stream, name });
    if (found !== undefined && found.config.description !== DESCRIPTION) {
      throw new ConfigError(
        `consumer '${name}' of stream '${stream}' was made by something else, and would be the unified one of ` +
          `nats.jetstream.consumer.topics: use another durableName, or leave the topics out there`,
      );
    }
    const filters: string[] = found === undefined ? [] : filtersOf(found.config);
    if (found === undefined) {
      for (const topic of topics) {
        if ((await streams.findUsable(topic))?.config.name === stream) filters.push(topic);
      }
    }
    const expected = filters.filter((topic) => topics.includes(topic));
    const consumer: ConsumerSpec = {
      stream,
      name,
      filters,
      durable: true,
      from: spec.from,
      ackPolicy: this.#options.ackPolicy,
      // A topic without order leaves the consumer as others have made it.
      singleActive:
        spec.ordering === 'cluster' || (spec.ordering === 'none' && isSingleActive(found?.config)),
      description: DESCRIPTION,
    };
    const info = await consumers.ensure(consumer);
    return new SharedConsumer({ ...this.#options, expected }, { spec: consumer, info, incarnation: created });
  }
}
