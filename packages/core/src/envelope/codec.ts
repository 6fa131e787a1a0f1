/** Envelopes to bytes and back: JSON with the keys and their order that the Go services share. */
import type { HeaderList } from '../headers.js';
import { oneOf } from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import type { BigIntegers } from './big-integers.js';
import { type Envelope, validateEnvelope } from './envelope.js';
import { parseObject, payloadText, readEnvelope, writeEnvelope } from './wire-json.js';

/** How envelopes are written to and read from the wire. `jsonCodec` is the default. */
export interface EnvelopeCodec {
  /** @throws EnvelopeError where the envelope is invalid or cannot be written */
  encode(envelope: Envelope): Uint8Array;
  /** @throws EnvelopeError where the bytes are no valid envelope; a permanent failure */
  decode(data: Uint8Array): Envelope;
  /** The headers that are sent with it, before those of the call. Default: its ids, type and version as `X-…`. */
  headers?(envelope: Envelope): HeaderList;
}

/** How integers beyond 2^53 are read. */
export interface JsonCodecOptions {
  /**
   * How integers in payloads are read that are beyond 2^53, where JavaScript's numbers have gaps: as the text of their
   * digits, or as `bigint`. By default they are numbers, and lose their last digits. With `bigint` payloads may also
   * hold values of that type, which are written as integers of any size.
   */
  bigint?: BigIntegers;
}

const OPTIONS = optionTable<JsonCodecOptions>({ bigint: oneOf('string', 'bigint') });

/**
 * Validates the envelope and writes it as JSON. Trace, correlation and tenant id are left out when unset; an empty
 * trace or correlation id counts as unset.
 * @throws EnvelopeError as `validateEnvelope` does, and with its path where JSON cannot carry a value in the payload
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  validateEnvelope(envelope);
  return writeEnvelope(envelope, envelope.tenantId, payloadText(envelope.payload));
}

/**
 * Reads and validates an envelope. Unknown keys are ignored; `null` counts as missing. The payload's type is the
 * caller's claim; give the subscription a schema to have it checked.
 * @throws EnvelopeError `failed to unmarshal envelope: …` for text that is no JSON object, `invalid envelope: …` for one
 * that breaks a rule of `validateEnvelope`
 */
export function decodeEnvelope<P = unknown>(data: Uint8Array): Envelope<P> {
  return readEnvelope(parseObject(data)) as Envelope<P>;
}

function makeJsonCodec(options: JsonCodecOptions = {}): EnvelopeCodec {
  checkOptions('jsonCodec', options, OPTIONS);
  const { bigint } = options;
  if (bigint === undefined) return { encode: encodeEnvelope, decode: decodeEnvelope };
  return {
    encode(envelope) {
      validateEnvelope(envelope);
      return writeEnvelope(envelope, envelope.tenantId, payloadText(envelope.payload, bigint === 'bigint'));
    },
    decode: (data) => readEnvelope(parseObject(data, bigint)),
  };
}

/**
 * The default codec: JSON as in `encodeEnvelope` and `decodeEnvelope`. Called with options it makes another one:
 * `codec: jsonCodec({ bigint: 'bigint' })`.
 * @throws ConfigError for options that it does not know
 */
export const jsonCodec: EnvelopeCodec & ((options?: JsonCodecOptions) => EnvelopeCodec) = Object.assign(
  makeJsonCodec,
  makeJsonCodec(),
);
