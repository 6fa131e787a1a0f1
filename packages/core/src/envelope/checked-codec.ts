/** Holds an application's codec to what codecs promise. */
import { EbusError, EnvelopeError } from '../errors.js';
import type { HeaderList } from '../headers.js';
import { describeValue } from '../util/describe-value.js';
import { quietly } from '../util/promise.js';
import type { EnvelopeCodec } from './codec.js';
import type { Envelope } from './envelope.js';

const TEXTS = ['eventId', 'aggregateId', 'eventType'] as const;

/**
 * The same codec. Its output must be bytes, and its decoded value an envelope: a promise, say, of a codec that is
 * async by mistake is refused, and not sent or handled as if it were one.
 */
export function checkedCodec(codec: EnvelopeCodec): EnvelopeCodec {
  return {
    encode(envelope) {
      const data: unknown = codec.encode(envelope);
      if (data instanceof Uint8Array) return data;
      throw broken('encode', 'a Uint8Array', data);
    },
    decode(data) {
      const envelope: unknown = codec.decode(data);
      if (typeof envelope !== 'object' || envelope === null) throw noEnvelope(envelope);
      for (const name of TEXTS) {
        if (typeof (envelope as Record<string, unknown>)[name] !== 'string') throw noEnvelope(envelope, name);
      }
      return envelope as ReturnType<EnvelopeCodec['decode']>;
    },
    ...(codec.headers === undefined ? {} : { headers: checkedHeaders(codec) }),
  };
}

function checkedHeaders(codec: EnvelopeCodec): (envelope: Envelope) => HeaderList {
  return (envelope) => {
    const headers: unknown = codec.headers?.(envelope);
    if (Array.isArray(headers)) return headers as HeaderList;
    throw broken('headers', 'a list of names and values', headers);
  };
}

function broken(method: string, expected: string, got: unknown): EbusError {
  quietly(got);
  const text = `the codec's ${method}() must return ${expected}, got ${describeValue(got)}`;
  return new EbusError(text, { code: 'INTERNAL' });
}

function noEnvelope(got: unknown, name?: string): EnvelopeError {
  quietly(got);
  const what = name === undefined ? describeValue(got) : `${describeValue(got)} without a text as ${name}`;
  return new EnvelopeError(`the codec's decode() must return an envelope, got ${what}`, name);
}
