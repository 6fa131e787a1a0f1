/** Which stream holds a topic: the configured one where it covers the topic, else one that is there, else one of its own. */
import {
  ConfigError,
  EbusError,
  type Logger,
  logCreated,
  logSettingChanges,
  reasonOf,
  type TopicConfigStrategy,
  type TopicSpec,
} from '@ebus/core/driver';
import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { Api } from './api.js';
import type { ResolvedNatsConfig } from './config-schema.js';
import { API, apiCode, REPLICAS } from './errors.js';
import { covers, streamName } from './names.js';
import { holdsOnly, type Layout, presentLayout, repartitioned } from './partitions/layout.js';
import { isMirror, overlap, tooManyReplicas } from './stream-errors.js';
import {
  describeDraft,
  differences,
  newStream,
  type StreamDraft,
  topicSettings,
  topicStream,
  writtenStream,
} from './stream-settings.js';
import { judgeStream } from './stream-verdict.js';

interface StreamsOptions {
  readonly config: ResolvedNatsConfig['jetstream'];
  readonly logger: Logger;
  readonly strategy: TopicConfigStrategy;
  readonly api: Api;
  /** A topic has another number of partitions now. */
  onLaidAnew(topic: string): void;
}

/** Finds, makes and changes streams. Safe where several instances do so at once. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #written: StreamDraft | undefined;
  /** Streams of which that was said. */
  readonly #warned = new Set<string>();
  /** Of topics with partitions, as their streams had it when they were looked at last. */
  readonly layouts = new Map<string, Layout>();

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#written = writtenStream(options.config.stream);
  }

  /** Makes the configured stream, or brings it up to its configuration, as far as the strategy allows. */
  async prepare(): Promise<void> {
    const { strategy } = this.#options;
    const wanted = this.#written;
    if (wanted === undefined || strategy === 'skip') return;
    const actual = await this.#info(wanted.name);
    if (actual !== undefined) return this.#bringUp(wanted, actual.config);
    if (strategy === 'validateOnly') {
      const text = `stream '${wanted.name}' is missing, and topicConfigStrategy is 'validateOnly'`;
      throw new ConfigError(`${text}; create it, or use 'createOrUpdate'`);
    }
    const made = newStream(wanted);
    if (await this.#create(made)) this.#logMade(made);
  }

  /** The name of the stream that holds the topic; of the configured one also where it is missing. */
  async nameOf(topic: string): Promise<string | undefined> {
    return this.#configured(topic) ?? (await this.#holding(topic));
  }

  /** The stream that holds the topic, as it is now; undefined where none does. */
  async find(topic: string): Promise<StreamInfo | undefined> {
    const name = await this.nameOf(topic);
    const found = name === undefined ? undefined : await this.#info(name);
    this.#learn(topic, found?.config);
    return found;
  }

  /**
   * The same, where the topic can be used in it.
   * @throws ConfigError where it cannot
   */
  async findUsable(topic: string): Promise<StreamInfo | undefined> {
    const found = await this.find(topic);
    if (found !== undefined) this.#judge(topic, found.config);
    return found;
  }

  /** Makes the stream of a topic that none holds: the configured one, or one of its own; false where one is there by now. */
  async create(topic: string, spec: Partial<TopicSpec>): Promise<boolean> {
    if ((await this.findUsable(topic)) !== undefined) return false;
    if (this.#configured(topic) !== undefined) {
      await this.prepare();
      return true;
    }
    const config = topicStream(streamName(topic), topic, spec, this.#options.config.stream);
    try {
      const isMade = await this.#create(config);
      if (isMade) this.#learn(topic, config);
      return isMade;
    } catch (error) {
      // Its subject may have become another stream's meanwhile.
      if (apiCode(error) === API.subjectsOverlap && (await this.findUsable(topic)) !== undefined)
        return false;
      throw error;
    }
  }

  async alter(topic: string, changes: Partial<TopicSpec>): Promise<void> {
    const info = await this.find(topic);
    if (info === undefined) {
      throw new EbusError(`no stream holds '${topic}'; create the topic first`, { code: 'TOPIC_NOT_FOUND' });
    }
    const { name, subjects } = info.config;
    if (!holdsOnly(topic, info.config)) {
      throw new ConfigError(
        `topic '${topic}' is one of several in stream '${name}' (${subjects.join(', ')}), so it cannot have ` +
          `${Object.keys(changes).join(', ')} of its own: change nats.jetstream.stream, or leave its subject out there`,
      );
    }
    const { partitions } = changes;
    const isLaidAnew =
      partitions !== undefined && partitions !== presentLayout(topic, info.config).partitions;
    const layout = isLaidAnew ? repartitioned(topic, info.config, partitions) : {};
    await this.#send({ name, subjects, ...topicSettings(changes), ...layout }, 'update');
    if (!isLaidAnew) return;
    await this.find(topic);
    this.#options.onLaidAnew(topic);
  }

  /** The sequence of a topic's newest message; 0 where there is none. */
  async lastSequence(stream: string, topic: string): Promise<number> {
    const message = await this.#options.api.find(
      `looking for the end of '${topic}'`,
      [API.noMessage],
      (manager) => manager.streams.getMessage(stream, { last_by_subj: topic }),
    );
    return message?.seq ?? 0;
  }

  /** Whether the stream has a message of that sequence, which others may have deleted. */
  async holdsMessage(stream: string, sequence: number): Promise<boolean> {
    const message = await this.#options.api.find(
      `looking for message ${sequence} of stream '${stream}'`,
      [API.noMessage],
      (manager) => manager.streams.getMessage(stream, { seq: sequence }),
    );
    return message !== undefined && message !== null;
  }

  #learn(topic: string, config: Pick<StreamConfig, 'subjects' | 'metadata'> | undefined): void {
    const layout = config === undefined ? undefined : presentLayout(topic, config);
    if (layout?.space === undefined) this.layouts.delete(topic);
    else this.layouts.set(topic, layout);
  }

  #configured(topic: string): string | undefined {
    const { name, subjects } = this.#written ?? {};
    return subjects?.some((subject) => covers(subject, topic)) ? name : undefined;
  }

  #holding(topic: string): Promise<string | undefined> {
    return this.#options.api.find(`looking for the stream of '${topic}'`, [API.streamNotFound], (manager) =>
      manager.streams.find(topic),
    );
  }

  async #info(stream: string): Promise<StreamInfo | undefined> {
    const found = await this.#options.api.find(
      `asking for stream '${stream}'`,
      [API.streamNotFound],
      (manager) => manager.streams.info(stream),
    );
    // Mirrors, and streams that only have sources, come without subjects.
    return found && { ...found, config: { ...found.config, subjects: found.config.subjects ?? [] } };
  }

  #judge(topic: string, config: StreamConfig): void {
    const { refusal, warning } = judgeStream(topic, config);
    if (refusal !== undefined) throw new ConfigError(refusal);
    if (warning === undefined || this.#warned.has(config.name)) return;
    this.#warned.add(config.name);
    this.#options.logger.warn({ topic, stream: config.name }, `the stream of a persistent topic: ${warning}`);
  }

  async #bringUp(wanted: StreamDraft, actual: StreamConfig): Promise<void> {
    const { strategy, logger } = this.#options;
    const { name } = wanted;
    if (actual.mirror !== undefined) throw isMirror(name, actual.mirror.name);
    const { changes, changed, fixed } = differences(wanted, actual);
    const mayChange = strategy === 'createOrUpdate';
    const differing = (mayChange ? fixed : [...changed, ...fixed]).map(({ field }) => field);
    if (differing.length > 0)
      logger.warn({ stream: name, differing }, 'the stream is not as configured, and stays so');
    if (!mayChange || changed.length === 0) return;
    await this.#send({ ...changes, name, subjects: changes.subjects ?? actual.subjects }, 'update');
    logSettingChanges(logger, `stream '${name}'`, changed, { stream: name });
  }

  #logMade(made: StreamDraft): void {
    logCreated(this.#options.logger, `stream '${made.name}'`, describeDraft(made), { stream: made.name });
  }

  /** False where another process was faster, with other settings. */
  async #create(config: StreamDraft): Promise<boolean> {
    try {
      await this.#send(config, 'add');
      return true;
    } catch (error) {
      if (apiCode(error) !== API.nameInUse) throw error;
      // Another process made it at the same time, perhaps; or it holds something else.
      const there = await this.#info(config.name);
      if (config.subjects.every((subject) => there?.config.subjects.includes(subject))) return false;
      throw overlap(config.name, config.subjects, error);
    }
  }

  async #send(stream: StreamDraft, how: 'add' | 'update'): Promise<void> {
    const { name, subjects, num_replicas: replicas = 1 } = stream;
    try {
      await this.#options.api.ask(`${how === 'add' ? 'making' : 'changing'} stream '${name}'`, (manager) =>
        how === 'add' ? manager.streams.add(stream) : manager.streams.update(name, stream),
      );
    } catch (error) {
      const code = apiCode(error);
      if (code === API.subjectsOverlap) throw overlap(name, subjects, error);
      if (REPLICAS.has(code ?? 0) && replicas > 1) throw tooManyReplicas(name, replicas, error);
      const passes = EbusError.isInstance(error) && error.retryable;
      if (code === undefined || code === API.nameInUse || code === API.streamNotFound || passes) throw error;
      throw new ConfigError(`the server refused stream '${name}': ${reasonOf(error)}`, { cause: error });
    }
  }
}
