/**
 * Tracing through `@opentelemetry/api`, where the application has it: spans of publishing and consuming, and the context
 * in the message headers. The client metrics of the same conventions are measured along.
 */
import type * as Api from '@opentelemetry/api';
import type { Clock } from '../clock.js';
import type { IncomingMessage, SendReceipt } from '../driver/message.js';
import type { HeaderList } from '../headers.js';
import type { Disclose } from '../util/disclose.js';
import { ClientMetrics } from './client-metrics.js';
import { errorType, harmlessly, recordFailure, watched } from './outcome.js';
import { extracted, injected } from './propagation.js';
import { isAnythingRegistered, rememberRegistration } from './sdk.js';
import * as attribute from './semantic-conventions.js';
import { type ClientInfo, SpanAttributes } from './span-attributes.js';
import type {
  BatchSpan,
  LetterInfo,
  ProcessInfo,
  SendInfo,
  SendSpan,
  SpanIdentity,
  Spanned,
  Telemetry,
} from './telemetry.js';

/** Client, sampling and masking of spans. */
export interface TracingOptions extends ClientInfo {
  /** The share of messages that get spans; the context always travels. */
  readonly sampleRate: number;
  readonly consumer: 'link' | 'parent';
  /** Whether the baggage of messages is active in handlers. */
  readonly baggage: boolean;
  readonly clock: Pick<Clock, 'monotonic' | 'random'>;
  /** Makes the texts of errors fit for spans. */
  readonly disclose: Disclose;
}

/** SDKs keep 128 links of a span by default. */
const MAX_LINKS = 128;

/** `Telemetry` over the application's OpenTelemetry API. */
export class OpenTelemetry implements Telemetry {
  readonly #api: typeof Api;
  readonly #tracer: Api.Tracer;
  readonly #metrics: ClientMetrics;
  readonly #attributes: SpanAttributes;
  readonly #options: TracingOptions;

  constructor(api: typeof Api, options: TracingOptions) {
    this.#api = api;
    this.#options = options;
    this.#tracer = api.trace.getTracer('@ebus/core');
    this.#attributes = new SpanAttributes(options);
    this.#metrics = new ClientMetrics(api, this.#attributes);
    rememberRegistration();
  }

  /** An SDK may be registered after the bus was created, so this is asked anew, twice for each message. */
  get active(): boolean {
    if (!isAnythingRegistered()) return false;
    const { propagation, trace } = this.#api;
    if (propagation.fields().length > 0 || this.#metrics.active) return true;
    const provider = trace.getTracerProvider() as Partial<Api.ProxyTracerProvider>;
    return provider.getDelegateTracer === undefined || provider.getDelegateTracer('@ebus/core') !== undefined;
  }

  startSend(info: SendInfo): SendSpan {
    const { context, SpanKind } = this.#api;
    const parent = context.active();
    const span = this.#start(`send ${info.topic}`, parent, () => ({
      kind: SpanKind.PRODUCER,
      attributes: this.#attributes.send('send', 'send', info),
    }));
    return this.#sent('send', info.topic, span, parent);
  }

  /** Its messages have contexts of their own: `create` spans, which the batch's `send` span is linked to. */
  startBatch(topic: string): BatchSpan {
    const { context, SpanKind } = this.#api;
    const parent = context.active();
    const batch = this.#start(`send ${topic}`, parent, () => ({
      kind: SpanKind.CLIENT,
      attributes: this.#attributes.batch(topic),
    }));
    let count = 0;
    return {
      startCreate: (info) => {
        const span = this.#start(`create ${info.topic}`, parent, () => ({
          kind: SpanKind.PRODUCER,
          attributes: this.#attributes.send('create', 'create', info),
        }));
        count++;
        if (span !== undefined && count <= MAX_LINKS) batch?.addLink({ context: span.spanContext() });
        return this.#sent('send', topic, span, parent);
      },
      end: (error) => {
        batch?.setAttribute(attribute.BATCH_COUNT, count);
        this.#end(batch, error);
      },
    };
  }

  /**
   * In the trace of the event, whatever is active: a dead letter below the attempt that failed, a redrive below the event's
   * publish, with a link to the caller's span.
   */
  startLetter(info: LetterInfo): SendSpan {
    const { context, trace, ROOT_CONTEXT, SpanKind } = this.#api;
    const event = trace.getSpanContext(extracted(this.#api, info.headers, { baggage: false }));
    const caller = info.operation === 'redrive' ? trace.getSpanContext(context.active()) : undefined;
    const above = info.cause ?? event ?? caller;
    const parent = above === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, above);
    const links = [event, caller].filter((linked) => linked !== undefined && linked.spanId !== above?.spanId);
    const span = this.#start(`${info.operation} ${info.topic}`, parent, () => ({
      kind: SpanKind.CLIENT,
      links: links.map((linked) => ({ context: linked as Api.SpanContext })),
      attributes: this.#attributes.letter(info),
    }));
    return this.#sent(info.operation, info.topic, span, parent);
  }

  process(
    incoming: IncomingMessage,
    info: ProcessInfo,
    attempt: Spanned,
    run: () => void | Promise<void>,
  ): void | Promise<void> {
    const { context, trace, SpanKind } = this.#api;
    const began = this.#began;
    const sent = extracted(this.#api, incoming.headers, this.#options);
    const producer = trace.getSpanContext(sent);
    const isLink = this.#options.consumer === 'link';
    const parent = isLink ? trace.deleteSpan(sent) : sent;
    const span = this.#start(`process ${incoming.topic}`, parent, () => ({
      kind: SpanKind.CONSUMER,
      links: isLink && producer !== undefined ? [{ context: producer }] : [],
      attributes: this.#attributes.process(incoming, info),
    }));
    attempt.span = this.#identity(span);
    const ended = (thrown?: unknown, threw = false) => {
      const failed = threw || attempt.overdue !== undefined;
      const error = threw ? thrown : attempt.overdue;
      if (info.messageId === undefined) span?.setAttributes(this.#attributes.ids(attempt.ids));
      this.#end(span, error, failed);
      if (began === undefined) return;
      const seconds = this.#secondsSince(began);
      harmlessly(() =>
        this.#metrics.processed(incoming.topic, info, seconds, failed ? errorType(error) : undefined),
      );
    };
    return watched(
      () => context.with(span === undefined ? sent : trace.setSpan(parent, span), run),
      () => ended(),
      (error) => ended(error, true),
    );
  }

  startSettle(
    topic: string,
    group: string,
    messages: readonly (SpanIdentity | undefined)[],
  ): (error?: unknown) => void {
    const { trace, ROOT_CONTEXT, SpanKind } = this.#api;
    const handled = messages.filter((message) => message !== undefined);
    const [only] = handled;
    const isOne = messages.length === 1 && only !== undefined;
    const parent = isOne ? trace.setSpanContext(ROOT_CONTEXT, only) : ROOT_CONTEXT;
    const span = this.#start(`settle ${topic}`, parent, () => ({
      kind: SpanKind.CLIENT,
      links: isOne ? [] : handled.slice(0, MAX_LINKS).map((context) => ({ context })),
      attributes: this.#attributes.settle(topic, group, messages.length),
    }));
    return (error) => this.#end(span, error);
  }

  /** When a measured operation begins; `undefined` where none is measured. */
  get #began(): number | undefined {
    return this.#metrics.active ? this.#options.clock.monotonic() : undefined;
  }

  #secondsSince(began: number): number {
    return (this.#options.clock.monotonic() - began) / 1_000;
  }

  get #sampled(): boolean {
    const { sampleRate, clock } = this.#options;
    return sampleRate >= 1 || clock.random() < sampleRate;
  }

  #start(name: string, parent: Api.Context, options: () => Api.SpanOptions): Api.Span | undefined {
    return this.#sampled ? harmlessly(() => this.#tracer.startSpan(name, options(), parent)) : undefined;
  }

  #sent(operation: string, topic: string, span: Api.Span | undefined, parent: Api.Context): SendSpan {
    const { trace, isSpanContextValid } = this.#api;
    const began = this.#began;
    const carried = span === undefined ? parent : trace.setSpan(parent, span);
    const identity = trace.getSpanContext(carried);
    return {
      traceId: identity !== undefined && isSpanContextValid(identity) ? identity.traceId : undefined,
      inject: (headers: HeaderList, bodySize: number) => {
        span?.setAttribute(attribute.BODY_SIZE, bodySize);
        return injected(this.#api, carried, headers);
      },
      end: (error: unknown, receipt?: SendReceipt, attempts = 1) => {
        if (span?.isRecording() === true)
          span.setAttributes(this.#attributes.receipt(receipt ?? {}, attempts));
        this.#end(span, error);
        if (began === undefined) return;
        const type = error === undefined ? undefined : errorType(error);
        const seconds = this.#secondsSince(began);
        harmlessly(() => this.#metrics.sent(operation, topic, seconds, type));
      },
    };
  }

  #identity(span: Api.Span | undefined): SpanIdentity | undefined {
    const identity = span?.spanContext();
    return identity !== undefined && this.#api.isSpanContextValid(identity) ? identity : undefined;
  }

  #end(span: Api.Span | undefined, error: unknown, failed = error !== undefined): void {
    if (span === undefined) return;
    harmlessly(() => {
      if (failed) recordFailure(span, this.#api, error, this.#options.disclose);
      span.end();
    });
  }
}
