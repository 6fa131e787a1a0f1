/**
 * Topics as they are used: found once, made where they are missing, or refused. Nothing of it happens for a publish to a
 * topic that is known to be there.
 */
import type { Clock } from '../clock.js';
import { classOf, driverError } from '../driver/classified.js';
import type { CallOptions, Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type {
  DriverTopicAdmin,
  EnsuredTopic,
  TopicConfigStrategy,
  TopicSpec,
} from '../driver/topic-admin.js';
import { EbusError, TopicMismatchError } from '../errors.js';
import type { Logger } from '../logger.js';
import { isPromise } from '../util/promise.js';
import type { TopicGovernance } from './governance.js';
import { judgeUse } from './judge-use.js';
import { creationSpec, toTopicSpec } from './topic-spec.js';
import type { TopicOptions } from './types.js';

const USES: readonly Use[] = ['publish', 'subscribe'];
const CALL_TIMEOUT_MS = 30_000;
/** A topic that was refused is not looked for again in this time, however often it is used. */
const REFUSAL_MS = 1_000;

interface TopicUseOptions {
  readonly driver: Driver;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly strategy: TopicConfigStrategy;
  /** The policy for topics that are neither configured nor on the broker. */
  readonly unconfigured: 'create' | 'refuse';
  readonly governance: TopicGovernance | undefined;
  /** The written options of a topic. */
  configured(topic: string): TopicOptions | undefined;
  /** The driver has made it. */
  created(topic: string, spec: TopicSpec, isConfigured: boolean): void;
}

/** The kinds of use that may differ in rights and checks. */
export type Use = 'publish' | 'subscribe';

/** Ensures topics before their first use. Concurrent uses of a topic share one question. */
export class TopicUse {
  readonly #options: TopicUseOptions;
  /** Known to be on the broker, and how they were used so far. */
  readonly #there = new Map<string, Set<Use>>();
  /** Topics of ebus itself, for dead letters and probes, and how they are made. */
  readonly #own = new Map<string, TopicOptions>();
  readonly #making = new Map<string, Promise<void>>();
  readonly #refused = new Map<string, { readonly error: EbusError; readonly until: number }>();

  constructor(options: TopicUseOptions) {
    this.#options = options;
  }

  /** The topic was found or made: using it asks nothing. */
  found(topic: string, ...uses: readonly Use[]): void {
    const known = this.#there.get(topic) ?? new Set(uses);
    for (const use of uses.length === 0 ? USES : uses) known.add(use);
    this.#there.set(topic, known);
    this.#refused.delete(topic);
  }

  /** A topic of ebus' own: made with these options where it is missing, although it is not configured. */
  own(topic: string, options: TopicOptions): void {
    this.#own.set(topic, options);
  }

  /** The broker says that it does not have the topic: earlier knowledge is dropped. */
  missed(topic: string): void {
    this.#there.delete(topic);
  }

  /** The same, said to a subscription: it goes on once the topic is there again. */
  makeAgain(topic: string, persistence: Persistence): void {
    this.missed(topic);
    this.ready(topic, persistence, 'subscribe')?.catch((err: unknown) => {
      this.#options.logger.debug(
        { err, topic },
        'the topic of a subscription has gone, and is not made again',
      );
    });
  }

  /**
   * Undefined where the topic can be used at once. Otherwise resolves when it can, or when the broker cannot be asked,
   * so that its answer to the use decides.
   * @throws EbusError `TOPIC_NOT_FOUND` with the remedy; errors of creating it; TopicMismatchError where the existing one
   * cannot keep the promises
   */
  ready(topic: string, persistence: Persistence, use: Use = 'publish'): Promise<void> | undefined {
    const { admin } = this.#options.driver;
    if (admin?.ensure === undefined || this.#there.get(topic)?.has(use) === true) return undefined;
    if (admin.persistenceIs === 'route' && persistence === 'ephemeral') return undefined;
    const refusal = this.#refusalOf(topic);
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#ensure(admin, topic, persistence, use);
  }

  /** Concurrent questions about a topic are asked once. */
  #ensure(
    admin: DriverTopicAdmin,
    topic: string,
    persistence: Persistence,
    use: Use,
  ): Promise<void> | undefined {
    const id = `${use} ${topic}`;
    const under = this.#making.get(id);
    if (under !== undefined) return under;
    const written = this.#options.configured(topic) ?? this.#own.get(topic);
    const refusal = this.#whyNot(topic, written !== undefined);
    const spec = refusal === undefined ? this.#specOf(topic, written) : undefined;
    const judge = (answer: EnsuredTopic) => {
      if (answer.created && spec !== undefined) this.#options.created(topic, spec, written !== undefined);
      else this.#judge(topic, persistence, use, answer);
      this.found(topic, use);
    };
    const failed = (error: unknown) => this.#ensureFailed(topic, error, refusal);
    try {
      const answer = admin.ensure?.(topic, { persistence, use, create: spec }, call(this.#options.clock));
      if (answer === undefined) return undefined;
      if (!isPromise<EnsuredTopic>(answer)) return void judge(answer);
      const making = answer.then(judge).catch(failed);
      this.#making.set(id, making);
      const over = () => this.#making.delete(id);
      making.then(over, over);
      return making;
    } catch (error) {
      return Promise.reject(error).catch(failed);
    }
  }

  /** Refused where a promise would be broken, warned of where only an expectation is. */
  #judge(topic: string, persistence: Persistence, use: Use, { description: actual }: EnsuredTopic): void {
    if (actual === undefined) return;
    const { refused, warned } = judgeUse({ topic, use, persistence, actual });
    for (const { field, actual: is, recommendation } of warned) {
      this.#options.logger.warn(
        { topic, field, actual: is },
        `topic '${topic}' is used as it is: ${recommendation}`,
      );
    }
    if (refused.length > 0) throw this.#refuse(topic, new TopicMismatchError(refused));
  }

  /** Where the broker cannot be asked, its answer to the publish or subscribe decides. */
  #ensureFailed(topic: string, error: unknown, refusal: EbusError | undefined): void {
    const { driver } = this.#options;
    const { code, retryable } = classOf(driver, error);
    if (code === 'TOPIC_NOT_FOUND' && refusal !== undefined) throw this.#refuse(topic, refusal);
    // Full is an answer: the use would be told of a missing topic, and not why it is not made.
    if (!retryable || code === 'LIMIT') throw driverError(driver, error, `using topic '${topic}'`, code);
    this.#options.logger.debug({ err: error, topic }, 'cannot find out whether the broker has the topic');
  }

  #refuse(topic: string, error: EbusError): EbusError {
    this.#refused.set(topic, { error, until: this.#options.clock.monotonic() + REFUSAL_MS });
    return error;
  }

  #specOf(topic: string, written: TopicOptions | undefined): TopicSpec {
    const { driver, governance } = this.#options;
    const { admin, defaultPersistence } = driver;
    const options = governance?.fix(topic, { persistence: defaultPersistence, ...written }) ?? written ?? {};
    const spec = toTopicSpec(topic, options, defaultPersistence);
    const { persistence = defaultPersistence } = spec;
    const full =
      written === undefined ? spec : creationSpec(spec, persistence, admin?.defaults?.(persistence));
    const known = Object.entries(full).filter(([field]) => admin?.supports.has(field as keyof TopicSpec));
    return { ...(Object.fromEntries(known) as Partial<TopicSpec>), persistence };
  }

  #whyNot(topic: string, isWritten: boolean): EbusError | undefined {
    const { driver, strategy, unconfigured } = this.#options;
    const missing = `${driver.system} does not have topic '${topic}'`;
    if (strategy === 'skip' || strategy === 'validateOnly') {
      return notFound(
        `${missing}, and topicConfigStrategy '${strategy}' does not let ebus make it: create it on the broker, or use ` +
          "'createOrUpdate' or 'createOnly'",
      );
    }
    if (isWritten || unconfigured === 'create') return undefined;
    return notFound(
      `${missing}, and it is not configured (unconfiguredTopics is 'refuse'): configure it under topics or with ` +
        'bus.topics.configure, or create it on the broker',
    );
  }

  #refusalOf(topic: string): EbusError | undefined {
    const refused = this.#refused.get(topic);
    if (refused === undefined) return undefined;
    if (this.#options.clock.monotonic() < refused.until) return refused.error;
    this.#refused.delete(topic);
    return undefined;
  }
}

function notFound(text: string): EbusError {
  return new EbusError(text, { code: 'TOPIC_NOT_FOUND' });
}

function call(clock: Clock): CallOptions {
  return { signal: clock.timeout(CALL_TIMEOUT_MS) };
}
