/** The public shapes of publishing. */
import type { Duration } from '../duration.js';
import type { EbusError } from '../errors.js';
import type { HeadersInput } from '../headers.js';
import type { PublishReceipt } from '../pipeline/context.js';

/** An object or array that JSON can carry. Envelopes are refused, by type and at run time: use `publishEnvelope`. */
export type JsonObject =
  | { readonly [key: string]: unknown; readonly eventVersion?: never }
  | (object & { readonly eventVersion?: never });

export interface PublishOptions {
  /** Messages of one topic and key are written in call order. */
  key?: string;
  headers?: HeadersInput;
  /** For brokers that deduplicate; kept over retries. */
  messageId?: string;
  /** Covers waiting, sending and acknowledgement. Default: `publisher.publishTimeout`, 10 s. */
  timeout?: Duration;
  /** For retryable errors, within the timeout. Default: `publisher.errorHandling.maxRetryAttempts`, 3. */
  retries?: number;
  signal?: AbortSignal;
}

/** Key and message id come from the envelope. */
export type PublishEnvelopeOptions = Omit<PublishOptions, 'key' | 'messageId'>;

/** How one `publishEnvelope` ended. */
export type PublishResult = {
  readonly eventId: string;
  readonly aggregateId: string;
  readonly eventType: string;
  readonly topic: string;
  readonly timestamp: Date;
} & (
  | { readonly ok: true; readonly receipt: PublishReceipt }
  | { readonly ok: false; readonly error: EbusError }
);

export interface PublishReport {
  readonly published: number;
  readonly failed: PublishResult[];
  /** Why the source was not read to its end: `ABORTED` or `BUS_CLOSED`. Left out where it was. */
  readonly stopped?: EbusError;
}
