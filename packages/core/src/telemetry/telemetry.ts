/** The tracing interface of publishing and consuming; `tracing.ts` implements it with OpenTelemetry. */
import type { IncomingMessage } from '../driver/message.js';
import type { HeaderList } from '../headers.js';

/** A publish under way, as tracing sees it. */
export interface SendSpan {
  /** The trace the message belongs to; `undefined` where there is none. */
  readonly traceId: string | undefined;
  /** The headers with the context injected. */
  inject(headers: HeaderList): HeaderList;
  end(error?: unknown): void;
}

/** A publish that a span is begun for. */
export interface SendInfo {
  readonly topic: string;
  readonly key: string | undefined;
  readonly messageId: string | undefined;
}

/** An attempt that a span is begun for. */
export interface ProcessInfo {
  readonly group: string;
  readonly attempt: number;
}

/** Tracing, as publishing and consuming use it. */
export interface Telemetry {
  /** False without a listener (no SDK registered): then nothing else is called. */
  readonly active: boolean;
  startSend(info: SendInfo): SendSpan;
  /** Runs one attempt inside its `process` span, which ends when the outcome is known. */
  process(
    incoming: IncomingMessage,
    info: ProcessInfo,
    run: () => void | Promise<void>,
  ): void | Promise<void>;
}
