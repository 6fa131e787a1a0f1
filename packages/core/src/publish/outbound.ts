/** From what applications publish to the records that the publisher sends. */
import type { Clock } from '../clock.js';
import type { Letter } from '../dead-letters/letter.js';
import type { Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import { parseDuration } from '../duration.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import {
  completeEnvelope,
  type Envelope,
  type EnvelopeInput,
  validateEnvelope,
} from '../envelope/envelope.js';
import { envelopeHeaders, withMore } from '../envelope/envelope-headers.js';
import { EbusError, PublishError } from '../errors.js';
import { type HeaderList, headersToSend, NO_HEADERS } from '../headers.js';
import type { Logger } from '../logger.js';
import type { PublishReceipt } from '../pipeline/context.js';
import type { SendSpan, Telemetry } from '../telemetry/telemetry.js';
import { validateTopicName } from '../topic-name.js';
import { abortable } from '../util/abortable.js';
import { type OptionTable, optionProblem, sentence } from '../util/options.js';
import { inheritIds, withInherited } from './inherit.js';
import { bodyOf } from './message-body.js';
import { type OwnTopics, usingOwnTopic } from './own-topic.js';
import { type JobOptions, PublishJob, type Purpose } from './publish-job.js';
import { PUBLISH_ENVELOPE_OPTIONS, PUBLISH_OPTIONS } from './publish-options.js';
import type { Publisher } from './publisher.js';
import { type RouteSettings, TopicRoute } from './topic-route.js';
import type { JsonObject, PublishEnvelopeOptions, PublishOptions } from './types.js';

/** Topics whose routes are remembered; beyond that the idle ones are forgotten and worked out anew. */
const MAX_ROUTES = 10_000;
/** How many ids, each made of chance, a broker may call known before it is taken for broken. */
const MAX_DUPLICATES = 5;

const encoder = new TextEncoder();

/** The topics of the bus, as publishing uses them. */
export interface PublishTopics extends OwnTopics {
  /** The persistence that the topic's publishers use at this moment. */
  persistenceOf(topic: string): Persistence;
  ensureDeadLetterTopic(topic: string, of: () => readonly string[]): Promise<void>;
  readonly use: {
    /** Undefined where the topic is known to be there; else resolves once it is. */
    ready(topic: string, persistence: Persistence): Promise<void> | undefined;
    /** The broker says that it does not have the topic. */
    missed(topic: string): void;
  };
}

export interface OutboundOptions {
  driver: Driver;
  /** Of publishes that say nothing else, in milliseconds. */
  publishTimeout: number;
  /** Retries of publishes that say nothing else. */
  maxRetries: number;
  publisher: Publisher;
  topics: PublishTopics;
  codec: EnvelopeCodec;
  telemetry: Telemetry | undefined;
  clock: Clock;
  /** Stamps envelopes, and makes their ids. */
  envelopeClock: Clock;
  logger: Logger;
}

export class Outbound {
  readonly #options: OutboundOptions;
  readonly #routes = new Map<string, TopicRoute>();
  /** Looked through again when there are so many: twice as many as were busy then, so that looking costs little each. */
  #forgetAt = MAX_ROUTES;
  readonly #defaults: JobOptions;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#defaults = { timeout: options.publishTimeout, retries: options.maxRetries, signal: undefined };
  }

  publish(
    topic: string,
    message: Uint8Array | string | JsonObject,
    options: PublishOptions | undefined,
  ): Promise<PublishReceipt> {
    try {
      const route = this.route(topic);
      const jobOptions = options === undefined ? this.#defaults : this.#jobOptions(options, PUBLISH_OPTIONS);
      const key = options?.key;
      const messageId = options?.messageId;
      const body = bodyOf(topic, message);
      this.#checkSize(route, body.value);
      const headers = withInherited(
        options?.headers === undefined ? NO_HEADERS : headersToSend(options.headers),
      );
      const span = this.#startSpan(topic, key, messageId);
      const sent = span === undefined ? headers : span.inject(headers);
      const job = new PublishJob(
        route,
        emptyToNone(key),
        body.value,
        sent,
        route.messageId(messageId),
        body.owned,
        jobOptions,
        undefined,
      );
      job.span = span;
      return this.#options.publisher.submit(job);
    } catch (error) {
      return Promise.reject(asPublishError(topic, error));
    }
  }

  publishEnvelope(
    topic: string,
    input: EnvelopeInput,
    options: PublishEnvelopeOptions | undefined,
  ): Promise<PublishReceipt> {
    let span: SendSpan | undefined;
    try {
      const route = this.route(topic);
      const jobOptions =
        options === undefined ? this.#defaults : this.#jobOptions(options, PUBLISH_ENVELOPE_OPTIONS);
      const envelope = this.#complete(input);
      span = this.#startSpan(topic, envelope.aggregateId, envelope.eventId);
      if (envelope.traceId === undefined && span?.traceId !== undefined) envelope.traceId = span.traceId;
      const value = this.#options.codec.encode(envelope);
      this.#checkSize(route, value);
      if (route.persistence === 'ephemeral') this.#noteEphemeral(route);
      const headers = this.#headers(envelope, options?.headers);
      const sent = span === undefined ? headers : span.inject(headers);
      const { aggregateId, eventId } = envelope;
      const id = route.messageId(eventId);
      const job = new PublishJob(route, aggregateId, value, sent, id, true, jobOptions, envelope);
      job.span = span;
      return this.#options.publisher.submit(job);
    } catch (error) {
      span?.end(error);
      return Promise.reject(asPublishError(topic, error));
    }
  }

  /** What `publishEnvelope` would refuse at the call is thrown here; nothing is sent. Returns the completed envelope. */
  checkEnvelope(topic: string, input: EnvelopeInput, options: PublishEnvelopeOptions | undefined): Envelope {
    try {
      const route = this.route(topic);
      const envelope = this.#complete(input);
      this.#checkSize(route, this.#options.codec.encode(envelope));
      this.#headers(envelope, options?.headers);
      if (options !== undefined) this.#jobOptions(options, PUBLISH_ENVELOPE_OPTIONS);
      return envelope;
    } catch (error) {
      throw asPublishError(topic, error);
    }
  }

  /**
   * Publishes a dead letter or a redrive as it is: no middleware, no check. Where the broker takes it for one that it has,
   * although this process never sent it, it is sent again under another id.
   * @throws PublishError `PUBLISH_FAILED`, not retryable, where the broker does so whatever the id
   */
  async publishLetter(
    letter: Letter,
    signal: AbortSignal | undefined,
    purpose: Purpose,
    options: JobOptions = this.#defaults,
  ): Promise<PublishReceipt> {
    const { topic, key, value, headers } = letter;
    const route = this.route(topic);
    for (let tries = 1; ; tries++) {
      const id = route.messageId(letter.id);
      const job = new PublishJob(route, key, value, headers, id, false, { ...options, signal }, undefined);
      job.purpose = purpose;
      job.verbatim = true;
      // What the application published had been admitted, and so is its letter.
      job.entered = purpose === 'publisher-letter';
      let receipt: PublishReceipt;
      try {
        receipt = await this.#options.publisher.submit(job);
      } catch (error) {
        letter.mayBeStored ||= job.sent && EbusError.isInstance(error) && error.retryable;
        throw error;
      }
      if (receipt.duplicate !== true || letter.mayBeStored || job.attempts > 1) return receipt;
      if (tries === MAX_DUPLICATES) throw alwaysDuplicate(topic);
      letter.renewId();
      this.#options.logger.warn(
        { topic, id },
        'the broker took a letter for one that it has, and it had none; sending it again under another id',
      );
    }
  }

  /** `of`: the topics whose dead letters go there, this one's among them. */
  async publishDeadLetter(
    letter: Letter,
    of: () => readonly string[],
    signal: AbortSignal | undefined,
    purpose: 'dead-letter' | 'publisher-letter',
    options?: JobOptions,
  ): Promise<PublishReceipt> {
    const { topics } = this.#options;
    return usingOwnTopic(topics, letter.topic, async () => {
      const ensured = topics.ensureDeadLetterTopic(letter.topic, of);
      const limit = options === undefined ? undefined : this.#options.clock.timeout(options.timeout);
      await abortable(ensured, limit, `looking for '${letter.topic}'`);
      return this.publishLetter(letter, signal, purpose, options);
    });
  }

  /** One attempt, as it is. */
  async publishProbe(
    topic: string,
    json: string,
    options: { messageId: string; timeout: number; signal: AbortSignal },
  ): Promise<PublishReceipt> {
    const { messageId, timeout, signal } = options;
    const value = encoder.encode(json);
    const jobOptions = { timeout, retries: 0, signal };
    const route = this.route(topic);
    const id = route.messageId(messageId);
    const job = new PublishJob(route, undefined, value, NO_HEADERS, id, true, jobOptions, undefined);
    job.purpose = 'probe';
    job.verbatim = true;
    return this.#options.publisher.submit(job);
  }

  keepsOrderOverRetries(topic: string): boolean {
    const { driver, topics } = this.#options;
    return driver.capabilities(topics.persistenceOf(topic)).retriesInClient;
  }

  /** @throws TopicNameError; a name that passed is not looked at again */
  route(topic: string): TopicRoute {
    const known = this.#routes.get(topic);
    if (known !== undefined) {
      if (!known.checked) this.#check(known);
      return known;
    }
    validateTopicName(topic);
    this.#options.driver.validateTopic?.(topic, 'publish');
    const route = new TopicRoute(topic, this.#settings(topic));
    if (this.#routes.size >= this.#forgetAt) this.#forgetIdleRoutes();
    this.#routes.set(topic, route);
    this.#check(route);
    return route;
  }

  /** The route of a topic that was published to. */
  knownRoute(topic: string): TopicRoute | undefined {
    return this.#routes.get(topic);
  }

  /** Holds what is published while the topic is looked for and perhaps made: before its first use, and once it is missing. */
  #check(route: TopicRoute): void {
    const { use } = this.#options.topics;
    const { topic, persistence } = route;
    if (route.isMissed) use.missed(topic);
    route.isMissed = false;
    route.checked = true;
    const ready = use.ready(topic, persistence);
    if (ready === undefined) return;
    route.hold();
    ready.then(
      () => route.release(),
      (error: unknown) => route.refuse(asPublishError(topic, error)),
    );
  }

  /** What was configured about the topic changed: it holds for what is sent from now on. */
  refreshRoute(topic: string): void {
    this.#routes.get(topic)?.set(this.#settings(topic));
  }

  #settings(topic: string): RouteSettings {
    const { driver, topics } = this.#options;
    const persistence = topics.persistenceOf(topic);
    const { retriesInClient, maxMessageBytes } = driver.capabilities(persistence);
    return { persistence, retriesInClient, maxMessageBytes };
  }

  #forgetIdleRoutes(): void {
    for (const [topic, route] of this.#routes) if (route.isIdle) this.#routes.delete(topic);
    this.#forgetAt = Math.max(MAX_ROUTES, 2 * this.#routes.size);
  }

  #startSpan(topic: string, key: string | undefined, messageId: string | undefined): SendSpan | undefined {
    const { telemetry } = this.#options;
    return telemetry?.active === true ? telemetry.startSend({ topic, key, messageId }) : undefined;
  }

  #jobOptions(options: PublishOptions, table: OptionTable): JobOptions {
    const problem = optionProblem(options, table);
    if (problem !== undefined) throw new TypeError(sentence(problem));
    const { timeout, retries, signal } = options;
    return {
      timeout: timeout === undefined ? this.#defaults.timeout : parseDuration(timeout),
      retries: retries ?? this.#defaults.retries,
      signal,
    };
  }

  #checkSize({ topic, maxMessageBytes }: TopicRoute, value: Uint8Array): void {
    if (maxMessageBytes === undefined || value.byteLength <= maxMessageBytes) return;
    throw new PublishError(
      `the message to '${topic}' has ${value.byteLength} bytes and ${this.#options.driver.system} takes ` +
        `${maxMessageBytes}; send a reference to the data instead, or raise the broker's limit`,
      { code: 'MESSAGE_TOO_LARGE' },
    );
  }

  #headers(envelope: Envelope, more: PublishEnvelopeOptions['headers']): HeaderList {
    const headers = this.#options.codec.headers?.(envelope) ?? envelopeHeaders(envelope);
    return more === undefined ? headers : withMore(headers, more);
  }

  #complete(input: EnvelopeInput): Envelope {
    if (typeof input !== 'object' || input === null) validateEnvelope(input);
    const envelope = completeEnvelope(input, this.#options.envelopeClock);
    inheritIds(envelope);
    return envelope;
  }

  #noteEphemeral(route: TopicRoute): void {
    if (route.notedEphemeral) return;
    route.notedEphemeral = true;
    const note =
      'events are published to an ephemeral topic: they are not kept for subscribers that are away';
    this.#options.logger.warn({ topic: route.topic }, note);
  }
}

function alwaysDuplicate(topic: string): PublishError {
  return new PublishError(
    `the broker calls every message to '${topic}' a duplicate, whatever its id: ${MAX_DUPLICATES} ids made of chance ` +
      'were refused; look at how it deduplicates',
  );
}

/** An empty key is no key: it would put everything into one lane. */
function emptyToNone(key: string | undefined): string | undefined {
  return key === '' ? undefined : key;
}

function asPublishError(topic: string, error: unknown): EbusError {
  return EbusError.from(error, (reason) => {
    // The checks of arguments throw `TypeError`; anything else is a codec or another part that broke.
    const code = error instanceof TypeError ? 'INVALID_ARGUMENT' : 'INTERNAL';
    return new PublishError(`cannot publish to '${topic}': ${reason}`, { code, cause: error });
  });
}
