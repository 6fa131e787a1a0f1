/** Consumers: made, found again, and changed to a subscription's needs. */
import {
  ConfigError,
  EbusError,
  type Logger,
  logCreated,
  logSettingChanges,
  reasonOf,
} from '@ebus/core/driver';
import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import type { Api } from './api.js';
import { consumerChanges } from './consumer-changes.js';
import {
  broken,
  type ConsumerSettings,
  type ConsumerSpec,
  newConsumer,
  planConsumer,
  SINGLE_ACTIVE,
} from './consumer-plan.js';
import { API, apiCode } from './errors.js';

type Named = Pick<ConsumerSpec, 'stream' | 'name'>;

/** Finds, makes, adopts and deletes consumers. Safe where several instances do so at once. */
export class Consumers {
  readonly #api: Api;
  readonly #settings: ConsumerSettings;
  readonly #logger: Logger;

  constructor(api: Api, settings: ConsumerSettings, logger: Logger) {
    this.#api = api;
    this.#settings = settings;
    this.#logger = logger;
  }

  info({ stream, name }: Named): Promise<ConsumerInfo> {
    return this.#api.ask(`asking for consumer '${name}' of stream '${stream}'`, (manager) =>
      manager.consumers.info(stream, name),
    );
  }

  find({ stream, name }: Named): Promise<ConsumerInfo | undefined> {
    return this.#api.find(
      `looking for consumer '${name}' of stream '${stream}'`,
      [API.consumerNotFound],
      (manager) => manager.consumers.info(stream, name),
    );
  }

  /**
   * Where the consumer exists, its position stays, and settings that break ebus are changed.
   *
   * @param onMade told where it was made here
   * @throws ConfigError where that cannot be
   */
  async ensure(spec: ConsumerSpec, onMade?: () => void): Promise<ConsumerInfo> {
    const found = await this.find(spec);
    if (found !== undefined) return this.adopt(spec, found);
    const { stream, name } = spec;
    try {
      const made = await this.#api.ask(`making consumer '${name}' of stream '${stream}'`, (manager) =>
        manager.consumers.add(stream, newConsumer(spec, this.#settings)),
      );
      const of = { stream, consumer: name };
      onMade?.();
      if (spec.durable) logCreated(this.#logger, shown(spec), [{ field: 'filters', to: spec.filters }], of);
      return made;
    } catch (error) {
      const code = apiCode(error);
      // Another instance was faster.
      if (code === API.consumerExists || code === API.durableExists) {
        return this.adopt(spec, await this.info(spec));
      }
      throw code === API.streamNotFound ? error : refused(spec, error);
    }
  }

  async delete({ stream, name }: Named): Promise<void> {
    const gone = [API.consumerNotFound, API.streamNotFound];
    await this.#api.find(`deleting consumer '${name}'`, gone, (manager) =>
      manager.consumers.delete(stream, name),
    );
  }

  /** Has the server choose the single active client anew, if that is still the one with this pin. */
  async unpin({ stream, name }: Named, pin: string): Promise<void> {
    await this.#api.ask(`leaving consumer '${name}'`, async (manager) => {
      if (pinIn(await manager.consumers.info(stream, name)) !== pin) return;
      await manager.consumers.unpin(stream, name, SINGLE_ACTIVE);
    });
  }

  /** The same for one that is there; it is not made again. */
  async adopt(spec: ConsumerSpec, info: ConsumerInfo): Promise<ConsumerInfo> {
    const changes = this.#changesOf(spec, info);
    if (changes === undefined) return info;
    try {
      return await this.#change(spec, info.config, changes);
    } catch (error) {
      throw refused(spec, error);
    }
  }

  /**
   * It can be used. Settings that may be changed are left: other instances may be configured to have others.
   * @throws ConfigError where it cannot be used
   */
  check(spec: ConsumerSpec, info: ConsumerInfo): void {
    this.#changesOf(spec, info);
  }

  /** Takes back settings that no configuration wants, while it is read. @throws as `adopt` */
  async restore(spec: ConsumerSpec, { config }: ConsumerInfo): Promise<void> {
    const changes = broken(spec, config);
    if (changes !== undefined) await this.#change(spec, config, changes);
  }

  #changesOf(spec: ConsumerSpec, { config, ack_floor: floor }: ConsumerInfo) {
    const plan = planConsumer(spec, this.#settings, config);
    if (plan.act === 'use') return undefined;
    if (plan.act === 'change') return plan.changes;
    const remedies = `${plan.remedy === undefined ? '' : `${plan.remedy}, `}use another group, or delete that consumer`;
    throw new ConfigError(
      `the ${shown(spec)} cannot be used: ${plan.why}; ${remedies} (its group has settled all messages up to ` +
        `sequence ${floor.stream_seq}: nats.jetstream.consumer.startSequence ${floor.stream_seq + 1} goes on from there)`,
    );
  }

  async #change(
    spec: Named,
    before: ConsumerConfig,
    changes: Partial<ConsumerConfig>,
  ): Promise<ConsumerInfo> {
    const { stream, name } = spec;
    const changed = await this.#api.ask(`changing consumer '${name}' of stream '${stream}'`, (manager) =>
      manager.consumers.update(stream, name, changes),
    );
    logSettingChanges(this.#logger, shown(spec), consumerChanges(before, changes), {
      stream,
      consumer: name,
    });
    return changed;
  }
}

function shown({ stream, name }: Named): string {
  return `consumer '${name}' of stream '${stream}'`;
}

/** What passes by itself, or is told apart already, stays as it is. */
function refused(spec: Named, error: unknown): unknown {
  const isFinal = EbusError.isInstance(error) && !error.retryable && error.code === 'SUBSCRIBE_FAILED';
  if (!isFinal) return error;
  return new ConfigError(`the server refused ${shown(spec)}: ${reasonOf(error)}`, { cause: error });
}

/** The pin of the active client. The client's types do not have it yet (ADR-42). */
export function pinIn(info: ConsumerInfo): string | undefined {
  const { priority_groups: groups } = info as { priority_groups?: readonly { pinned_client_id?: string }[] };
  return groups?.[0]?.pinned_client_id;
}
