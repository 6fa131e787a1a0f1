/** From what applications publish to the records that the publisher sends. */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import { parseDuration } from '../duration.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import {
  completeEnvelope,
  type Envelope,
  type EnvelopeInput,
  validateEnvelope,
} from '../envelope/envelope.js';
import { envelopeHeaders, withMore } from '../envelope/envelope-headers.js';
import { PublishError } from '../errors.js';
import { type HeaderList, headersToSend, NO_HEADERS } from '../headers.js';
import type { Logger } from '../logger.js';
import type { PublishReceipt } from '../pipeline/context.js';
import type { BatchSpan, SendSpan, Telemetry } from '../telemetry/telemetry.js';
import { type OptionTable, optionProblem, sentence } from '../util/options.js';
import { inheritIds, withInherited } from './inherit.js';
import { bytesOf } from './message-body.js';
import { asPublishError } from './publish-error.js';
import { type JobOptions, PublishJob } from './publish-job.js';
import { PUBLISH_ENVELOPE_OPTIONS, PUBLISH_OPTIONS } from './publish-options.js';
import type { Publisher } from './publisher.js';
import type { TopicRoute } from './topic-route.js';
import type { TopicRoutes } from './topic-routes.js';
import type { JsonObject, PublishEnvelopeOptions, PublishOptions } from './types.js';

const encoder = new TextEncoder();

/** Parts of `Outbound`. */
export interface OutboundOptions {
  driver: Driver;
  /** Of publishes that say nothing else. */
  defaults: JobOptions;
  publisher: Publisher;
  routes: TopicRoutes;
  codec: EnvelopeCodec;
  telemetry: Telemetry | undefined;
  /** Stamps envelopes, and makes their ids. */
  envelopeClock: Clock;
  logger: Logger;
}

/** The front door of publishing: checks calls and makes records of them. Never throws; publishes reject. */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #defaults: JobOptions;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#defaults = options.defaults;
  }

  publish(
    topic: string,
    message: Uint8Array | string | JsonObject,
    options: PublishOptions | undefined,
  ): Promise<PublishReceipt> {
    try {
      const route = this.#options.routes.route(topic);
      const jobOptions = options === undefined ? this.#defaults : this.#jobOptions(options, PUBLISH_OPTIONS);
      const key = options?.key;
      const messageId = options?.messageId;
      const value = bytesOf(topic, message);
      this.#checkSize(route, value);
      const headers = withInherited(
        options?.headers === undefined ? NO_HEADERS : headersToSend(options.headers),
      );
      const span = this.#startSpan(topic, key, messageId, undefined);
      const sent = span === undefined ? headers : span.inject(headers, value.byteLength);
      const job = new PublishJob(
        route,
        emptyToNone(key),
        value,
        sent,
        route.messageId(messageId),
        value !== message,
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
    batch?: BatchSpan,
  ): Promise<PublishReceipt> {
    let span: SendSpan | undefined;
    try {
      const route = this.#options.routes.route(topic);
      const jobOptions =
        options === undefined ? this.#defaults : this.#jobOptions(options, PUBLISH_ENVELOPE_OPTIONS);
      const envelope = this.#complete(input);
      span = this.#startSpan(topic, envelope.aggregateId, envelope.eventId, envelope.correlationId, batch);
      if (envelope.traceId === undefined && span?.traceId !== undefined) envelope.traceId = span.traceId;
      const value = this.#options.codec.encode(envelope);
      this.#checkSize(route, value);
      if (route.persistence === 'ephemeral') this.#noteEphemeral(route);
      const headers = this.#headers(envelope, options?.headers);
      const sent =
        span === undefined ? headers : span.inject(headers ?? envelopeHeaders(envelope), value.byteLength);
      const { aggregateId, eventId } = envelope;
      // Its bytes are enough from here on: what the application holds no longer is free before the answer.
      envelope.payload = undefined;
      const id = route.messageId(eventId);
      const job = new PublishJob(route, aggregateId, value, sent, id, true, jobOptions, envelope);
      job.span = span;
      return this.#options.publisher.submit(job);
    } catch (error) {
      span?.end(error);
      return Promise.reject(asPublishError(topic, error));
    }
  }

  /** Throws each refusal of `publishEnvelope`; nothing is sent. Returns the completed envelope. */
  checkEnvelope(topic: string, input: EnvelopeInput, options: PublishEnvelopeOptions | undefined): Envelope {
    try {
      const route = this.#options.routes.route(topic);
      const envelope = this.#complete(input);
      this.#checkSize(route, this.#options.codec.encode(envelope));
      this.#headers(envelope, options?.headers);
      if (options !== undefined) this.#jobOptions(options, PUBLISH_ENVELOPE_OPTIONS);
      return envelope;
    } catch (error) {
      throw asPublishError(topic, error);
    }
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
    const route = this.#options.routes.route(topic);
    const id = route.messageId(messageId);
    const job = new PublishJob(route, undefined, value, NO_HEADERS, id, true, jobOptions, undefined);
    job.purpose = 'probe';
    return this.#options.publisher.submit(job);
  }

  /** The span of a call that publishes several messages; `undefined` without an SDK. */
  startBatch(topic: string): BatchSpan | undefined {
    const { telemetry } = this.#options;
    return telemetry?.active === true ? telemetry.startBatch(topic) : undefined;
  }

  #startSpan(
    topic: string,
    key: string | undefined,
    messageId: string | undefined,
    conversationId: string | undefined,
    batch?: BatchSpan,
  ): SendSpan | undefined {
    const { telemetry } = this.#options;
    if (telemetry?.active !== true) return undefined;
    const info = { topic, key, messageId, conversationId };
    return batch === undefined ? telemetry.startSend(info) : batch.startCreate(info);
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

  /** Undefined for those that every envelope has. */
  #headers(envelope: Envelope, more: PublishEnvelopeOptions['headers']): HeaderList | undefined {
    const headers = this.#options.codec.headers?.(envelope);
    return more === undefined ? headers : withMore(headers ?? envelopeHeaders(envelope), more);
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

/** An empty key is no key: it would put all messages into one lane. */
function emptyToNone(key: string | undefined): string | undefined {
  return key === '' ? undefined : key;
}
