/** Which stream holds a topic: the configured one, or one of its own that is made where it is missing. */
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
import {
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import {
  API,
  apiCode,
  isNoResponders,
  jetStreamDisabled,
  overlap,
  REPLICAS,
  tooManyReplicas,
} from './errors.js';
import { streamName } from './names.js';
import type { ResolvedNatsConfig } from './nats-config.js';
import {
  describeDraft,
  differences,
  type NamedStream,
  newStream,
  type StreamDraft,
  topicSettings,
  topicStream,
  writtenStream,
} from './stream-settings.js';

export interface StreamsOptions {
  readonly config: ResolvedNatsConfig;
  readonly logger: Logger;
  readonly strategy: TopicConfigStrategy;
  /** Has core make a topic that no stream holds. */
  provision(topic: string): Promise<void>;
  /** A topic's stream was made, perhaps anew. */
  onCreated(topic: string): void;
  /** The API on the present connection. */
  manager(): JetStreamManager;
}

export class Streams {
  readonly #options: StreamsOptions;
  readonly #known = new Map<string, string>();
  #prepared: NamedStream | undefined;
  readonly #lookups = new Map<string, Promise<string>>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Makes the configured stream, or brings it up to its configuration, as far as the strategy allows. */
  async prepare(): Promise<void> {
    const { strategy, config, logger } = this.#options;
    const wanted = writtenStream(config.jetstream.stream);
    if (wanted === undefined || strategy === 'skip') return;
    const { name } = wanted;
    const what = `stream '${name}'`;
    const actual = await this.#info(name);
    if (actual === undefined) {
      if (strategy === 'validateOnly') {
        const text = `${what} is missing, and topicConfigStrategy is 'validateOnly'`;
        throw new ConfigError(`${text}; create it, or use 'createOrUpdate'`);
      }
      const made = newStream(wanted);
      if (await this.#create(made)) logCreated(logger, what, describeDraft(made), { stream: name });
      this.#prepared = wanted;
      return;
    }
    this.#prepared = { name, subjects: actual.config.subjects };
    const { changes, changed, fixed } = differences(wanted, actual.config);
    const mayChange = strategy === 'createOrUpdate';
    const differing = (mayChange ? fixed : [...changed, ...fixed]).map(({ field }) => field);
    if (differing.length > 0)
      logger.warn({ stream: name, differing }, 'the stream is not as configured, and stays so');
    if (!mayChange || changed.length === 0) return;
    await this.#api(() => this.#options.manager().streams.update(name, changes), wanted);
    logSettingChanges(logger, what, changed, { stream: name });
    this.#prepared = { name, subjects: changes.subjects ?? actual.config.subjects };
  }

  /** The stream that holds a topic; asks the server once. */
  async find(topic: string): Promise<string | undefined> {
    const known = this.#known.get(topic) ?? this.#configured(topic);
    if (known !== undefined) return known;
    try {
      const name = await this.#options.manager().streams.find(topic);
      this.#known.set(topic, name);
      return name;
    } catch (error) {
      if (apiCode(error) === API.streamNotFound) return undefined;
      throw this.#explained(error);
    }
  }

  /**
   * The stream that holds a topic, made where none does and core allows it.
   * @throws EbusError `TOPIC_NOT_FOUND` where it does not
   */
  ensure(topic: string): Promise<string> {
    const known = this.#known.get(topic);
    if (known !== undefined) return Promise.resolve(known);
    let lookup = this.#lookups.get(topic);
    if (lookup === undefined) {
      lookup = this.#ensure(topic).finally(() => this.#lookups.delete(topic));
      this.#lookups.set(topic, lookup);
    }
    return lookup;
  }

  /** The configured stream, where it covers the topic and is known to be there. */
  #configured(topic: string): string | undefined {
    return this.#prepared?.subjects.some((subject) => covers(subject, topic))
      ? this.#prepared.name
      : undefined;
  }

  /** What was found may be gone: the next caller asks the server again. */
  forget(topic: string): void {
    if (this.#configured(topic) !== undefined) this.#prepared = undefined;
    this.#known.delete(topic);
  }

  async info(topic: string): Promise<StreamInfo | undefined> {
    this.#known.delete(topic);
    const stream = await this.find(topic);
    return stream === undefined ? undefined : this.#info(stream);
  }

  /** Makes a stream of the topic's own; false where a stream holds it by now. */
  async create(topic: string, spec: Partial<TopicSpec>): Promise<boolean> {
    if ((await this.find(topic)) !== undefined) return false;
    const config = topicStream(streamName(topic), topic, spec, this.#options.config.jetstream.stream);
    try {
      if (!(await this.#create(config))) return false;
    } catch (error) {
      // Its subject may have become another stream's meanwhile.
      if (apiCode(error) === API.subjectsOverlap && (await this.find(topic)) !== undefined) return false;
      throw error;
    }
    this.#known.set(topic, config.name);
    this.#options.onCreated(topic);
    return true;
  }

  async alter(topic: string, changes: Partial<TopicSpec>): Promise<void> {
    const info = await this.info(topic);
    if (info === undefined) {
      throw new EbusError(`no stream holds '${topic}'; create the topic first`, { code: 'TOPIC_NOT_FOUND' });
    }
    const { name, subjects } = info.config;
    if (!holdsOnly(info.config, topic)) {
      throw new ConfigError(
        `topic '${topic}' is one of several in stream '${name}' (${subjects.join(', ')}), so it cannot have ` +
          `${Object.keys(changes).join(', ')} of its own: change nats.jetstream.stream, or leave its subject out there`,
      );
    }
    const config = { name, subjects, ...topicSettings(changes) };
    await this.#api(() => this.#options.manager().streams.update(name, config), config);
  }

  async #ensure(topic: string): Promise<string> {
    const found = await this.find(topic);
    if (found !== undefined) return found;
    await this.#options.provision(topic);
    const made = await this.find(topic);
    if (made !== undefined) return made;
    throw new EbusError(`the stream of '${topic}' was deleted while it was made; try again`, {
      code: 'TOPIC_NOT_FOUND',
      retryable: true,
    });
  }

  /** False where somebody else was faster. */
  #create(config: StreamDraft): Promise<boolean> {
    return this.#api(() => this.#options.manager().streams.add(config), config);
  }

  async #info(stream: string): Promise<StreamInfo | undefined> {
    try {
      return await this.#options.manager().streams.info(stream);
    } catch (error) {
      if (apiCode(error) === API.streamNotFound) return undefined;
      throw this.#explained(error);
    }
  }

  /** False where the stream exists with other settings, and holds what this one was to hold. */
  async #api(call: () => Promise<unknown>, stream: StreamDraft): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      const code = apiCode(error);
      if (code === API.subjectsOverlap) throw overlap(stream.name, stream.subjects, error);
      if (code === API.nameInUse) {
        // Another process made it at the same time, perhaps; or it holds something else.
        const { config } = await this.#options.manager().streams.info(stream.name);
        if (stream.subjects.every((subject) => config.subjects.includes(subject))) return false;
        throw overlap(stream.name, stream.subjects, error);
      }
      if (REPLICAS.has(code ?? 0) && (stream.num_replicas ?? 1) > 1) {
        throw tooManyReplicas(stream.name, stream.num_replicas as number, error);
      }
      const passes = error instanceof JetStreamApiError && error.status >= 500;
      if (code !== undefined && !passes) {
        const text = `the server refused stream '${stream.name}': ${reasonOf(error)}`;
        throw new ConfigError(text, { cause: error });
      }
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    const code = apiCode(error);
    const disabled = code === API.jetStreamDisabled || code === API.jetStreamDisabledForAccount;
    if (!disabled && !isNoResponders(error)) return error;
    return jetStreamDisabled(this.#options.config.urls, error);
  }
}

/** The sequence of a subject's newest message; 0 where there is none. */
export async function lastSequence(
  manager: JetStreamManager,
  stream: string,
  subject: string,
): Promise<number> {
  try {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject });
    return message?.seq ?? 0;
  } catch (error) {
    if (apiCode(error) === API.noMessage) return 0;
    throw error;
  }
}

/** Whether the stream is the topic's own, so that its settings are the topic's. */
export function holdsOnly({ subjects }: Pick<StreamConfig, 'subjects'>, topic: string): boolean {
  return subjects.length === 1 && subjects[0] === topic;
}

/** Whether a subject with wildcards takes in a topic. */
export function covers(subject: string, topic: string): boolean {
  const [wanted, tokens] = [subject.split('.'), topic.split('.')];
  for (const [i, token] of wanted.entries()) {
    if (token === '>') return tokens.length > i;
    if (token !== '*' && token !== tokens[i]) return false;
  }
  return wanted.length === tokens.length;
}
