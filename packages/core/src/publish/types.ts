/** The public shapes of publishing. */
import type { Duration } from '../duration.js';
import type { EbusError } from '../errors.js';
import type { HeadersInput } from '../headers.js';
import type { PublishReceipt } from '../pipeline/context.js';

/** An object or array. Envelopes are refused, by type and at run time: use `publishEnvelope`. */
export type JsonObject =
  | { readonly [key: string]: unknown; readonly eventVersion?: never }
  | (object & { readonly eventVersion?: never });

/**
 * The type itself, with `never` in the place of values that JSON cannot carry: `bigint`, functions, symbols, bytes,
 * `Map`, `Set` and the like, at any depth. Facts that the type does not tell (`NaN`, cycles, the class of an object)
 * is found at run time.
 */
export type JsonOf<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends { toJSON(): unknown }
      ? T extends Uint8Array
        ? never
        : T
      : T extends Lossy
        ? never
        : T extends object
          ? { [Key in keyof T]: Key extends symbol ? T[Key] : JsonOf<T[Key]> }
          : never;

/**
 * Of these JSON keeps nothing, or another value. (Of errors, too; but any object with a name and a message looks like
 * one.)
 */
type Lossy =
  | ((...args: never[]) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | RegExp
  | PromiseLike<unknown>
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer;

/** A message for `publish`: bytes, text, or an object that JSON can carry. */
export type PublishBody<T> = T extends Uint8Array | string
  ? T
  : T extends { readonly eventVersion: unknown }
    ? never
    : T extends object
      ? JsonOf<T>
      : never;

/** Options of one publish. All optional. */
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

/** The outcome of `publishEnvelopes`: failures are listed, not thrown. */
export interface PublishReport {
  readonly published: number;
  readonly failed: PublishResult[];
  /** Why the source was not read to its end: `ABORTED` or `BUS_CLOSED`. Left out where it was. */
  readonly stopped?: EbusError;
}
