/** Durable consumers: made, found again, and checked for being what a subscription needs. */
import {
  ConfigError,
  type Logger,
  logCreated,
  logSettingChanges,
  reasonOf,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  type PriorityPolicy,
  ReplayPolicy,
} from '@nats-io/jetstream';
import { consumerChanges } from './consumer-changes.js';
import { API, apiCode } from './errors.js';
import type { ResolvedNatsConfig } from './nats-config.js';

const NANOS = 1_000_000;
/** Consumers of groups that are not durable vanish by themselves when their process did. */
const INACTIVE_MS = 5 * 60_000;
/** The one priority group of a consumer with a single active client. */
export const SINGLE_ACTIVE = 'ebus';
/** A chosen client that does not ask for so long is replaced. */
export const PIN_TTL_MS = 10_000;

export interface ConsumerSpec {
  readonly stream: string;
  readonly name: string;
  /** The subjects it delivers; more than one needs a 2.10 server. */
  readonly filters: readonly string[];
  readonly durable: boolean;
  /** Where it starts where it does not exist: also a stream sequence. */
  readonly from: SubscriptionSpec['from'] | number;
  /** One client at a time gets messages. */
  readonly singleActive: boolean;
  readonly description?: string;
}

export class Consumers {
  readonly #config: ResolvedNatsConfig['jetstream'];
  readonly #manager: () => JetStreamManager;
  readonly #logger: Logger;

  constructor(config: ResolvedNatsConfig, manager: () => JetStreamManager, logger: Logger) {
    this.#config = config.jetstream;
    this.#manager = manager;
    this.#logger = logger;
  }

  info(stream: string, name: string): Promise<ConsumerInfo> {
    return this.#manager().consumers.info(stream, name);
  }

  async find(stream: string, name: string): Promise<ConsumerInfo | undefined> {
    try {
      return await this.info(stream, name);
    } catch (error) {
      if (apiCode(error) === API.consumerNotFound) return undefined;
      throw error;
    }
  }

  /** Where the consumer exists, its position stays, and settings that may be changed are brought up to date. */
  async ensure(spec: ConsumerSpec): Promise<ConsumerInfo> {
    const found = await this.find(spec.stream, spec.name);
    if (found !== undefined) return this.#adopt(spec, found);
    try {
      const made = await this.#manager().consumers.add(spec.stream, this.#configOf(spec));
      if (spec.durable) this.#logMade(spec);
      return made;
    } catch (error) {
      const code = apiCode(error);
      // Another instance was faster.
      if (code === API.consumerExists || code === API.durableExists) {
        return this.#adopt(spec, await this.info(spec.stream, spec.name));
      }
      const passes = error instanceof JetStreamApiError && error.status >= 500;
      if (code === API.streamNotFound || code === undefined || passes) throw error;
      throw this.#refused(spec, error);
    }
  }

  /** Changes a consumer that was like `before`, and logs what is another value now. */
  async update(
    { stream, name }: Pick<ConsumerSpec, 'stream' | 'name'>,
    before: ConsumerConfig,
    changes: Partial<ConsumerConfig>,
  ): Promise<ConsumerInfo> {
    const updated = await this.#manager().consumers.update(stream, name, changes);
    const what = `consumer '${name}' of stream '${stream}'`;
    logSettingChanges(this.#logger, what, consumerChanges(before, changes), { stream, consumer: name });
    return updated;
  }

  async delete(stream: string, name: string): Promise<void> {
    try {
      await this.#manager().consumers.delete(stream, name);
    } catch (error) {
      if (apiCode(error) !== API.consumerNotFound && apiCode(error) !== API.streamNotFound) throw error;
    }
  }

  async #adopt(spec: ConsumerSpec, { config, ...info }: ConsumerInfo): Promise<ConsumerInfo> {
    const filters = filtersOf(config);
    const problem =
      config.ack_policy !== AckPolicy.Explicit
        ? `it has ack policy '${config.ack_policy}' and not 'explicit'`
        : config.deliver_subject !== undefined
          ? 'it is a push consumer'
          : spec.filters.length === 1 && !(filters.length === 1 && filters[0] === spec.filters[0])
            ? `it delivers ${filters.join(', ') || 'everything'}`
            : undefined;
    if (problem !== undefined) {
      throw new ConfigError(
        `the consumer '${spec.name}' on stream '${spec.stream}' was made by something else: ${problem}; ` +
          'use another group, or delete that consumer',
      );
    }
    const wanted = this.#changeable(spec);
    const differs = (Object.keys(wanted) as (keyof ConsumerConfig)[]).some(
      (key) => JSON.stringify(wanted[key]) !== JSON.stringify(config[key]),
    );
    const hasBackoff = config.backoff !== undefined && config.backoff.length > 0;
    if (!differs && !hasBackoff) return { config, ...info };
    try {
      return await this.update(spec, config, hasBackoff ? { ...wanted, backoff: [] } : wanted);
    } catch (error) {
      throw this.#refused(spec, error);
    }
  }

  #logMade({ stream, name, filters }: ConsumerSpec): void {
    const what = `consumer '${name}' of stream '${stream}'`;
    logCreated(this.#logger, what, [{ field: 'filters', to: filters }], { stream, consumer: name });
  }

  #changeable({ singleActive }: ConsumerSpec): Partial<ConsumerConfig> {
    return {
      ack_wait: this.#config.ackWait * NANOS,
      max_ack_pending: this.#config.consumer.maxAckPending,
      max_deliver: -1,
      ...(singleActive
        ? {
            priority_groups: [SINGLE_ACTIVE],
            priority_policy: 'pinned_client' as PriorityPolicy,
            priority_timeout: PIN_TTL_MS * NANOS,
          }
        : {}),
    };
  }

  #configOf(spec: ConsumerSpec): ConsumerConfig {
    const { consumer } = this.#config;
    const { filters, durable, name, description } = spec;
    const [filter] = filters;
    return {
      name,
      ...(durable ? { durable_name: name } : { inactive_threshold: INACTIVE_MS * NANOS }),
      ...(description === undefined ? {} : { description }),
      ...(filters.length > 1 ? { filter_subjects: [...filters] } : {}),
      ...(filters.length === 1 && filter !== undefined ? { filter_subject: filter } : {}),
      ack_policy: AckPolicy.Explicit,
      replay_policy: consumer.replayPolicy === 'original' ? ReplayPolicy.Original : ReplayPolicy.Instant,
      max_waiting: consumer.maxWaiting,
      ...start(spec.from),
      ...this.#changeable(spec),
    } as ConsumerConfig;
  }

  #refused({ name, stream }: ConsumerSpec, cause: unknown): ConfigError {
    return new ConfigError(
      `the server refused consumer '${name}' on stream '${stream}': ${reasonOf(cause)}`,
      {
        cause,
      },
    );
  }
}

export function filtersOf(config: ConsumerConfig): string[] {
  if (config.filter_subjects !== undefined && config.filter_subjects.length > 0)
    return config.filter_subjects;
  return config.filter_subject === undefined || config.filter_subject === '' ? [] : [config.filter_subject];
}

function start(from: ConsumerSpec['from']): Partial<ConsumerConfig> {
  if (from === 'earliest') return { deliver_policy: DeliverPolicy.All };
  if (from === 'latest') return { deliver_policy: DeliverPolicy.New };
  if (typeof from === 'number') {
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) };
  }
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.toISOString() };
}
