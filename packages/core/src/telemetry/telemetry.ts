/** The tracing interface of publishing and consuming; `tracing.ts` implements it with OpenTelemetry. */
import type { IncomingMessage, SendReceipt } from '../driver/message.js';
import type { HeaderList } from '../headers.js';

/** Names a span: OpenTelemetry's span context. */
export interface SpanIdentity {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** The fields by which a log line is found from its trace; none without a span. */
export function logFields(span: SpanIdentity | undefined): { trace_id?: string; span_id?: string } {
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}

/** A publish under way, as tracing sees it. */
export interface SendSpan {
  /** The trace the message belongs to; `undefined` where there is none. */
  readonly traceId: string | undefined;
  /** The headers with the context injected. `bodySize`: bytes of the message. */
  inject(headers: HeaderList, bodySize: number): HeaderList;
  /** Once, with the error or the broker's answer. `attempts`: how often it was sent. */
  end(error: unknown, receipt?: SendReceipt, attempts?: number): void;
}

/** One message of a publish. */
export interface SendInfo {
  readonly topic: string;
  readonly key: string | Uint8Array | undefined;
  readonly messageId: string | undefined;
  /** The correlation id. */
  readonly conversationId: string | undefined;
}

/** A call that publishes several messages. */
export interface BatchSpan {
  /** Begins the `create` span of one of its messages. */
  startCreate(info: SendInfo): SendSpan;
  /** Once; `error`: the first failure, if any. */
  end(error: unknown): void;
}

/** A dead letter that is written, or published back. */
export interface LetterInfo extends SendInfo {
  readonly operation: 'dead-letter' | 'redrive';
  readonly tombstone: boolean;
  readonly bodySize: number;
  /** With the context of the event. They are published as they are. */
  readonly headers: HeaderList;
  /** The attempt that failed, where there was one. */
  readonly cause: SpanIdentity | undefined;
}

/** An attempt that a span is begun for. */
export interface ProcessInfo {
  readonly group: string;
  readonly attempt: number;
  readonly messageId: string | undefined;
  readonly conversationId: string | undefined;
}

/** An attempt that is told of its span. */
export interface Spanned {
  span: SpanIdentity | undefined;
  /** Why it has failed although its handler did not throw: it took too long. */
  readonly overdue: unknown;
  /** Of the envelope, once it is decoded. */
  readonly ids: { readonly eventId: string | undefined; readonly correlationId: string | undefined };
}

/** Tracing, as publishing and consuming use it. */
export interface Telemetry {
  /** False without a listener (no SDK registered): then nothing else is called. */
  readonly active: boolean;
  startSend(info: SendInfo): SendSpan;
  startBatch(topic: string): BatchSpan;
  startLetter(info: LetterInfo): SendSpan;
  /** Runs one attempt inside its `process` span, which ends when the outcome is known. */
  process(
    incoming: IncomingMessage,
    info: ProcessInfo,
    attempt: Spanned,
    run: () => void | Promise<void>,
  ): void | Promise<void>;
  /** Begins the span of a settlement that waits for the broker. Returns its end. */
  startSettle(
    topic: string,
    group: string,
    messages: readonly (SpanIdentity | undefined)[],
  ): (error?: unknown) => void;
}
