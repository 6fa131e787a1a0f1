import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnvelopeError } from '../errors.js';
import { decodeEnvelope, encodeEnvelope, jsonCodec } from './codec.js';
import { createEnvelope, type Envelope } from './envelope.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

const envelope: Envelope = {
  eventId: 'evt-1',
  aggregateId: 'order-1',
  eventType: 'OrderCreated',
  eventVersion: 3,
  timestamp: new Date('2024-05-01T10:30:00.120Z'),
  payload: { total: 10 },
};

describe('encodeEnvelope', () => {
  it('writes the keys in their order and leaves unset ones out', () => {
    expect(text(encodeEnvelope(envelope))).toBe(
      '{"event_id":"evt-1","aggregate_id":"order-1","event_type":"OrderCreated","event_version":3,' +
        '"timestamp":"2024-05-01T10:30:00.120Z","payload":{"total":10}}',
    );
    const full = { payload: [1], tenantId: 0, correlationId: 'corr', traceId: 'trace' };
    expect(text(encodeEnvelope({ ...envelope, ...full }))).toBe(
      '{"event_id":"evt-1","aggregate_id":"order-1","event_type":"OrderCreated","event_version":3,' +
        '"timestamp":"2024-05-01T10:30:00.120Z","trace_id":"trace","correlation_id":"corr","tenant_id":0,' +
        '"payload":[1]}',
    );
    expect(text(encodeEnvelope({ ...envelope, traceId: '', correlationId: '' }))).toBe(
      text(encodeEnvelope(envelope)),
    );
  });

  it('validates first', () => {
    expect(() => encodeEnvelope({ ...envelope, aggregateId: '' })).toThrow('aggregate_id is required');
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each<[string, unknown, RegExp]>([
    ['undefined', undefined, /^payload is required$/],
    ['null', null, /^payload is required$/],
    ['NaN', Number.NaN, /^payload is NaN$/],
    ['something deep', { items: [1, { price: Number.NaN }] }, /^payload\.items\[1\]\.price is NaN$/],
    ['a cycle', cycle, /^payload\.self is a cycle/],
    ['toJSON giving undefined', { toJSON: () => undefined }, /^payload is undefined$/],
    ['toJSON giving null', { toJSON: () => null }, /^payload is null: its toJSON returned nothing$/],
  ])('refuses %s as payload', (_name, payload, message) => {
    expect(() => encodeEnvelope({ ...envelope, payload })).toThrow(message);
    expect(() => encodeEnvelope({ ...envelope, payload })).toThrow(EnvelopeError);
  });

  it('names the path of what JSON cannot carry', () => {
    const refused = () => encodeEnvelope({ ...envelope, payload: { list: [undefined] } });
    expect(refused).toThrow(expect.objectContaining({ path: 'payload.list[0]', code: 'ENVELOPE_INVALID' }));
  });

  it('refuses years that RFC 3339 cannot write', () => {
    const timestamp = new Date(Date.UTC(10_000, 0, 1));
    expect(() => encodeEnvelope({ ...envelope, timestamp })).toThrow(
      'timestamp must be in the years 0000 to 9999',
    );
  });
});

describe('decodeEnvelope', () => {
  const goStyle = {
    event_id: '01890a5d-ac96-774b-bcce-b302099a8057',
    aggregate_id: 'order-1',
    event_type: 'OrderCreated',
    event_version: 1,
    timestamp: '2024-05-01T18:30:00.123456789+08:00',
    payload: { html: '<b>&', nothing: null, list: [1, 2] },
  };
  const decode = (changes: object) => decodeEnvelope(bytes(JSON.stringify({ ...goStyle, ...changes })));

  it('reads what a Go service writes', () => {
    const written =
      '{"event_id":"01890a5d-ac96-774b-bcce-b302099a8057","aggregate_id":"order-1","event_type":"OrderCreated",' +
      '"event_version":1,"timestamp":"2024-05-01T18:30:00.123456789+08:00","trace_id":"t","tenant_id":42,' +
      '"payload":{"html":"\\u003cb\\u003e\\u0026","nothing":null,"list":[1,2]}}';
    expect(decodeEnvelope(bytes(written))).toEqual({
      eventId: goStyle.event_id,
      aggregateId: 'order-1',
      eventType: 'OrderCreated',
      eventVersion: 1,
      timestamp: new Date('2024-05-01T10:30:00.123Z'),
      payload: goStyle.payload,
      traceId: 't',
      tenantId: 42,
    });
  });

  it('reads the zero time of Go', () => {
    expect(decode({ timestamp: '0001-01-01T00:00:00Z' }).timestamp.toISOString()).toBe(
      '0001-01-01T00:00:00.000Z',
    );
  });

  it('ignores unknown keys, and those that mean something to objects', () => {
    const { payload, ...rest } = goStyle;
    const nasty = `${JSON.stringify(rest).slice(0, -1)},"__proto__":{"event_id":"x","traceId":"y"},"constructor":1,"extra":[],"payload":{"__proto__":{"admin":true}}}`;
    const read = decodeEnvelope<Record<string, unknown>>(bytes(nasty));
    expect(Object.keys(read)).toEqual([
      'eventId',
      'aggregateId',
      'eventType',
      'eventVersion',
      'timestamp',
      'payload',
    ]);
    expect(read.traceId).toBeUndefined();
    expect(read.payload.admin).toBeUndefined();
    expect(payload).toBeDefined();
  });

  it('takes null and empty optional fields as unset', () => {
    const read = decode({ trace_id: null, correlation_id: '', tenant_id: null });
    expect(read).toEqual(decode({}));
  });

  it('reads any view on bytes, with or without a byte order mark', () => {
    const plain = bytes(JSON.stringify(goStyle));
    const shifted = new Uint8Array(plain.length + 8);
    shifted.set(plain, 5);
    const marked = Uint8Array.from([0xef, 0xbb, 0xbf, ...plain]);
    const expected = decodeEnvelope(plain);
    expect(decodeEnvelope(Buffer.from(plain))).toEqual(expected);
    expect(decodeEnvelope(shifted.subarray(5, 5 + plain.length))).toEqual(expected);
    expect(decodeEnvelope(marked)).toEqual(expected);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', bytes(''), /^failed to unmarshal envelope: Unexpected end of JSON input$/],
    ['plain text', bytes('hello'), /^failed to unmarshal envelope: Unexpected token/],
    ['half an envelope', bytes('{"event_id":"x"'), /^failed to unmarshal envelope: /],
    ['an array', bytes('[]'), /^failed to unmarshal envelope: expected a JSON object, got an array$/],
    ['null', bytes('null'), /^failed to unmarshal envelope: expected a JSON object, got null$/],
    ['a string', bytes('"x"'), /^failed to unmarshal envelope: expected a JSON object, got a string$/],
    [
      'invalid UTF-8',
      Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      /^failed to unmarshal envelope: .*utf-8/,
    ],
  ])('refuses %s', (_name, data, message) => {
    expect(() => decodeEnvelope(data)).toThrow(message);
    expect(() => decodeEnvelope(data)).toThrow(EnvelopeError);
  });

  it.each<[object, string, string]>([
    [{ event_id: undefined }, 'event_id', 'event_id is required'],
    [{ event_id: 7 }, 'event_id', 'event_id must be a string, got 7'],
    [{ aggregate_id: null }, 'aggregate_id', 'aggregate_id is required'],
    [
      { aggregate_id: 'a b' },
      'aggregate_id',
      'invalid aggregate_id: aggregate_id contains invalid character:  ',
    ],
    [{ event_version: '1' }, 'event_version', 'event_version must be positive'],
    [{ payload: null }, 'payload', 'payload is required'],
    [{ timestamp: undefined }, 'timestamp', 'timestamp is required'],
    [{ timestamp: 1_700_000_000 }, 'timestamp', 'timestamp must be a valid Date, got 1700000000'],
    [{ timestamp: 'soon' }, 'timestamp', 'timestamp must be an RFC 3339 date-time, got "soon"'],
    [{ trace_id: 0 }, 'trace_id', 'trace_id must be a string, got 0'],
    [{ tenant_id: '42' }, 'tenant_id', 'tenant_id must be an integer, got a string'],
  ])('refuses an envelope with %j', (changes, path, message) => {
    expect(() => decode(changes)).toThrow(EnvelopeError);
    try {
      decode(changes);
    } catch (error) {
      expect(error).toMatchObject({ message: `invalid envelope: ${message}`, path, retryable: false });
    }
  });
});

describe('encoding and decoding', () => {
  const unicode = fc.string({
    unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\u2028', '\x7f'), fc.string({ unit: 'binary' })),
  });
  const set = (value: string) => value.trim() !== '';
  const arbitrary = fc.record(
    {
      eventId: unicode.filter(set),
      aggregateId: fc.stringMatching(/^[A-Za-z0-9:_./-]{1,256}$/),
      eventType: unicode.filter(set),
      eventVersion: fc.maxSafeNat().map((version) => version || 1),
      timestamp: fc.date({
        min: new Date('0000-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      // What JSON itself cannot tell apart (-0, `__proto__` as a plain key of a literal) goes through it once first.
      payload: fc
        .jsonValue()
        .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
        .filter((value) => value !== null),
      traceId: unicode.filter((value) => value !== ''),
      correlationId: unicode.filter((value) => value !== ''),
      tenantId: fc.maxSafeInteger().map((id) => id + 0),
    },
    { requiredKeys: ['eventId', 'aggregateId', 'eventType', 'eventVersion', 'timestamp', 'payload'] },
  );

  it('gives back an equal envelope', () => {
    fc.assert(
      fc.property(arbitrary, (original) => {
        expect(decodeEnvelope(encodeEnvelope(original as Envelope))).toEqual(original);
      }),
    );
  });

  it('writes what JSON.stringify would write', () => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const plain = {
          event_id: given.eventId,
          aggregate_id: given.aggregateId,
          event_type: given.eventType,
          event_version: given.eventVersion,
          timestamp: given.timestamp,
          trace_id: given.traceId,
          correlation_id: given.correlationId,
          tenant_id: given.tenantId,
          payload: given.payload,
        };
        expect(text(encodeEnvelope(given as Envelope))).toBe(JSON.stringify(plain));
      }),
    );
  });

  it('never fails with anything but an EnvelopeError, whatever the bytes', () => {
    const wire = {
      event_id: 'e',
      aggregate_id: 'a',
      event_type: 't',
      event_version: 1,
      timestamp: '2024-01-01T00:00:00Z',
    };
    const field = fc.constantFrom(
      ...Object.keys(wire),
      'payload',
      'trace_id',
      'correlation_id',
      'tenant_id',
      '__proto__',
    );
    const nearly = fc
      .array(fc.tuple(field, fc.jsonValue()), { maxLength: 4 })
      .map((changes) => bytes(JSON.stringify({ ...wire, payload: 1, ...Object.fromEntries(changes) })));
    const damaged = fc.tuple(nearly, fc.nat(), fc.nat(255)).map(([data, at, byte]) => {
      data[at % data.length] = byte;
      return data;
    });
    fc.assert(
      fc.property(fc.oneof(nearly, damaged, fc.uint8Array()), (data) => {
        try {
          encodeEnvelope(decodeEnvelope(data));
        } catch (error) {
          expect(EnvelopeError.isInstance(error)).toBe(true);
          expect((error as Error).message).toMatch(/^(failed to unmarshal|invalid) envelope: /);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the default codec', () => {
    const made = createEnvelope({ aggregateId: 'a', eventType: 't', eventVersion: 1, payload: 1 });
    expect(jsonCodec.decode(jsonCodec.encode(made))).toEqual(made);
  });
});

describe('jsonCodec with an option for integers beyond 2^53', () => {
  const written =
    '{"event_id":"e","aggregate_id":"a","event_type":"t","event_version":1,"timestamp":"2024-05-01T10:30:00.000Z","payload":{"id":9007199254740993,"n":1}}';

  it('reads them as text, or as bigint', () => {
    expect(jsonCodec({ bigint: 'string' }).decode(bytes(written)).payload).toEqual({
      id: '9007199254740993',
      n: 1,
    });
    const read = jsonCodec({ bigint: 'bigint' }).decode(bytes(written));
    expect(read.payload).toEqual({ id: 9_007_199_254_740_993n, n: 1 });
    expect(text(jsonCodec({ bigint: 'bigint' }).encode(read))).toBe(written);
  });

  it('writes a bigint with bigint only', () => {
    const read = jsonCodec({ bigint: 'bigint' }).decode(bytes(written));
    expect(() => jsonCodec({ bigint: 'string' }).encode(read)).toThrow('payload.id is a bigint');
    expect(() => jsonCodec().encode(read)).toThrow('payload.id is a bigint');
  });

  it('checks what is no payload as ever', () => {
    const huge = written.replace('"event_version":1', '"event_version":9007199254740993');
    expect(() => jsonCodec({ bigint: 'bigint' }).decode(bytes(huge))).toThrow(
      'event_version must be positive',
    );
    const many = written.replace('"n":1', `"n":${'9'.repeat(1_001)}`);
    expect(() => jsonCodec({ bigint: 'string' }).decode(bytes(many))).toThrow('an integer of 1001 digits');
  });

  it('refuses options that it does not know', () => {
    expect(() => jsonCodec({ bigInt: 'string' } as never)).toThrow("did you mean 'bigint'?");
    expect(() => jsonCodec({ bigint: true } as never)).toThrow(
      "jsonCodec: bigint must be 'string' or 'bigint'",
    );
  });
});
