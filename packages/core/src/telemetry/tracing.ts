/**
 * Tracing through `@opentelemetry/api`, where the application has it: `send` and `process` spans, and the context
 * in the message headers by the application's own propagator (W3C Trace Context and Baggage by default). The client
 * metrics of the same conventions are measured along.
 */
import type * as Api from '@opentelemetry/api';
import type { Clock } from '../clock.js';
import { givenMessageId, type IncomingMessage } from '../driver/message.js';
import { findHeader, type HeaderList, type HeaderValue, headerText } from '../headers.js';
import type { Disclose } from '../util/disclose.js';
import { disclosedField } from '../util/disclosed-fields.js';
import { isPromise } from '../util/promise.js';
import { ClientMetrics } from './client-metrics.js';
import * as attribute from './semantic-conventions.js';
import type { ProcessInfo, SendInfo, SendSpan, Telemetry } from './telemetry.js';

/** System name, sampling and masking of spans. */
export interface TracingOptions {
  /** The transport, as `messaging.system`. */
  readonly system: string;
  /** The share of messages that get spans; the context always travels. */
  readonly sampleRate: number;
  readonly consumer: 'link' | 'parent';
  /** Whether the baggage of messages is active in handlers. */
  readonly baggage: boolean;
  readonly clock: Pick<Clock, 'monotonic' | 'random'>;
  /** Makes the texts of errors fit for spans. */
  readonly disclose: Disclose;
}

/** `undefined` where `@opentelemetry/api` is not installed. */
export async function loadTelemetry(options: TracingOptions): Promise<Telemetry | undefined> {
  try {
    return new OpenTelemetry(await import('@opentelemetry/api'), options);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Where version 1 of the API keeps what an application has registered: nothing is there while it has registered nothing. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

type Carrier = [name: string, value: HeaderValue][];

const setter: Api.TextMapSetter<Carrier> = {
  set: (carrier, name, value) => void carrier.push([name.toLowerCase(), value]),
};

const getter: Api.TextMapGetter<HeaderList> = {
  keys: (headers) => headers.map(([name]) => name),
  get: (headers, name) => {
    const value = findHeader(headers, name);
    return value === undefined ? undefined : headerText(value);
  },
};

/** `Telemetry` over the application's OpenTelemetry API. */
export class OpenTelemetry implements Telemetry {
  readonly #api: typeof Api;
  readonly #tracer: Api.Tracer;
  readonly #metrics: ClientMetrics;
  readonly #options: TracingOptions;

  constructor(api: typeof Api, options: TracingOptions) {
    this.#api = api;
    this.#options = options;
    this.#tracer = api.trace.getTracer('@ebus/core');
    this.#metrics = new ClientMetrics(api, options.system);
  }

  /** An SDK may be registered after the bus was created, so this is asked anew, twice for each message. */
  get active(): boolean {
    if ((globalThis as Record<symbol, unknown>)[REGISTERED] === undefined) return false;
    const { propagation, trace } = this.#api;
    if (propagation.fields().length > 0 || this.#metrics.active) return true;
    const provider = trace.getTracerProvider() as Partial<Api.ProxyTracerProvider>;
    return provider.getDelegateTracer === undefined || provider.getDelegateTracer('@ebus/core') !== undefined;
  }

  startSend(info: SendInfo): SendSpan {
    const { context, propagation, trace, isSpanContextValid } = this.#api;
    const began = this.#metrics.active ? this.#options.clock.monotonic() : undefined;
    const parent = context.active();
    const span = this.#sampled ? this.#sendSpan(info, parent) : undefined;
    const carried = span === undefined ? parent : trace.setSpan(parent, span);
    const spanContext = trace.getSpanContext(carried);
    return {
      traceId: spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext.traceId : undefined,
      inject: (headers) => {
        const carrier: Carrier = [];
        propagation.inject(carried, carrier, setter);
        if (carrier.length === 0) return headers;
        const injected = new Set(carrier.map(([name]) => name));
        return [...headers.filter(([name]) => !injected.has(name.toLowerCase())), ...carrier];
      },
      end: (error) => {
        try {
          this.#end(span, error);
          if (began === undefined) return;
          const type = error === undefined ? undefined : errorType(error);
          this.#metrics.sent(info.topic, this.#secondsSince(began), type);
        } catch {
          // The publish is over: an exporter that throws must not make another outcome of it.
        }
      },
    };
  }

  process(
    incoming: IncomingMessage,
    info: ProcessInfo,
    run: () => void | Promise<void>,
  ): void | Promise<void> {
    return this.#trace(incoming, info, this.#metrics.active ? this.#measured(incoming, info, run) : run);
  }

  #measured(incoming: IncomingMessage, info: ProcessInfo, run: () => void | Promise<void>) {
    const { topic } = incoming;
    const { group, attempt } = info;
    const began = this.#options.clock.monotonic();
    const note = (error?: string) =>
      this.#metrics.processed(topic, group, attempt, this.#secondsSince(began), error);
    return () => watched(run, note, (error) => note(errorType(error)));
  }

  #trace(
    incoming: IncomingMessage,
    info: ProcessInfo,
    run: () => void | Promise<void>,
  ): void | Promise<void> {
    const { context, propagation, trace, ROOT_CONTEXT } = this.#api;
    const extracted = propagation.extract(ROOT_CONTEXT, incoming.headers, getter);
    const sent = this.#options.baggage ? extracted : propagation.deleteBaggage(extracted);
    if (!this.#sampled) return context.with(sent, run);
    const producer = trace.getSpanContext(sent);
    const isLink = this.#options.consumer === 'link';
    const parent = isLink ? trace.deleteSpan(sent) : sent;
    const links = isLink && producer !== undefined ? [{ context: producer }] : [];
    const span = this.#tracer.startSpan(
      `process ${incoming.topic}`,
      { kind: this.#api.SpanKind.CONSUMER, links, attributes: this.#processAttributes(incoming, info) },
      parent,
    );
    return watched(
      () => context.with(trace.setSpan(parent, span), run),
      () => span.end(),
      (error) => this.#end(span, error, true),
    );
  }

  #secondsSince(began: number): number {
    return (this.#options.clock.monotonic() - began) / 1_000;
  }

  get #sampled(): boolean {
    const { sampleRate, clock } = this.#options;
    return sampleRate >= 1 || clock.random() < sampleRate;
  }

  #sendSpan(info: SendInfo, parent: Api.Context): Api.Span {
    const attributes: Api.Attributes = {
      [attribute.SYSTEM]: this.#options.system,
      [attribute.DESTINATION]: info.topic,
      [attribute.OPERATION_NAME]: 'send',
      [attribute.OPERATION_TYPE]: 'send',
    };
    if (info.messageId !== undefined) attributes[attribute.MESSAGE_ID] = info.messageId;
    return this.#tracer.startSpan(
      `send ${info.topic}`,
      { kind: this.#api.SpanKind.PRODUCER, attributes },
      parent,
    );
  }

  #processAttributes(incoming: IncomingMessage, info: ProcessInfo): Api.Attributes {
    const attributes: Api.Attributes = {
      [attribute.SYSTEM]: this.#options.system,
      [attribute.DESTINATION]: incoming.topic,
      [attribute.OPERATION_NAME]: 'process',
      [attribute.OPERATION_TYPE]: 'process',
      [attribute.CONSUMER_GROUP]: info.group,
      [attribute.BODY_SIZE]: incoming.value.byteLength,
    };
    const messageId = givenMessageId(incoming.topic, incoming.messageId);
    if (messageId !== undefined) attributes[attribute.MESSAGE_ID] = messageId;
    if (incoming.position?.partition !== undefined) {
      attributes[attribute.PARTITION] = String(incoming.position.partition);
    }
    return attributes;
  }

  #end(span: Api.Span | undefined, error: unknown, failed = error !== undefined): void {
    if (span === undefined) return;
    if (failed) {
      const message = this.#options.disclose(error);
      if (error instanceof Error)
        span.recordException(disclosedField(error, this.#options.disclose) as Error);
      span.setAttribute(attribute.ERROR_TYPE, errorType(error));
      span.setStatus({
        code: this.#api.SpanStatusCode.ERROR,
        message,
      });
    }
    span.end();
  }
}

/** Runs it, and tells how it ended before its caller learns of that. */
function watched(
  run: () => void | Promise<void>,
  succeeded: () => void,
  failed: (error: unknown) => void,
): void | Promise<void> {
  let outcome: void | Promise<void>;
  try {
    outcome = run();
  } catch (error) {
    failed(error);
    throw error;
  }
  if (!isPromise(outcome)) return succeeded();
  return Promise.resolve(outcome).then(succeeded, (error: unknown) => {
    failed(error);
    throw error;
  });
}

function errorType(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : '_OTHER';
}
