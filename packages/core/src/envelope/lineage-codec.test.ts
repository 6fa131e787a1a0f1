import { describe, expect, it } from 'vitest';
import { ConfigError, EnvelopeError } from '../errors.js';
import { jsonCodec } from './codec.js';
import type { Envelope } from './envelope.js';
import { envelopeHeaders } from './envelope-headers.js';
import { lineageCodec } from './lineage-codec.js';
import {
  AGGREGATE_ID,
  EVENT_ID,
  TIMESTAMP,
  WRITTEN,
  type WrittenEnvelope,
} from './testing/jxt-core-envelopes.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

const cases = Object.entries(WRITTEN).flatMap(([version, envelopes]) =>
  envelopes.map((written) => ({ version, written, title: `${version}: ${written.value.slice(90)}` })),
);
/** A version that numbers cannot hold, and a payload that is null, are refused by ebus (and taken by Go). */
const isRefused = ({ given }: WrittenEnvelope) =>
  given.payload === 'null' || !Number.isSafeInteger(Number(given.eventVersion));

describe.each(cases)('$title', ({ version, written }) => {
  const { given, headers, value } = written;
  const codec = lineageCodec({ version, bigint: 'bigint' });

  if (isRefused(written)) {
    it('is refused', () => {
      const message = given.payload === 'null' ? 'payload is required' : 'event_version must be positive';
      expect(() => codec.decode(bytes(value))).toThrow(`invalid envelope: ${message}`);
    });
    return;
  }

  it('is read as it was given', () => {
    const envelope = codec.decode(bytes(value));
    expect(envelope).toEqual({
      eventId: EVENT_ID,
      aggregateId: AGGREGATE_ID,
      eventType: given.eventType,
      eventVersion: Number(given.eventVersion),
      timestamp: new Date(TIMESTAMP),
      payload: given.payload.includes('9007199254740993')
        ? { id: 9_007_199_254_740_993n }
        : JSON.parse(given.payload),
      ...(given.traceId === undefined ? {} : { traceId: given.traceId }),
      ...(given.correlationId === undefined ? {} : { correlationId: given.correlationId }),
      // Version 1.1.20 has no tenants.
      ...(given.tenantId === undefined || version === '1.1.20' ? {} : { tenantId: given.tenantId }),
    });
  });

  it('is written the same, headers too', () => {
    const { tenantId } = given;
    const envelope: Envelope = {
      ...codec.decode(bytes(value)),
      ...(tenantId === undefined ? {} : { tenantId }),
    };
    expect(codec.headers?.(envelope)).toEqual(headers);
    // The same moment: a `Date` knows milliseconds, and no offset.
    expect(text(codec.encode(envelope))).toBe(normalised(value, version));
  });
});

/** With the timestamp, and the escapes within the payload, as ebus writes them. */
function normalised(value: string, version: string): string {
  const timed = value.replace(TIMESTAMP, '2024-05-06T05:08:09.123Z');
  if (version !== '1.1.20') return timed.replace('\\u2028', '\u2028');
  return timed.replace(/"payload":"(.*)"/, (_all, payload: string) => {
    const json = Buffer.from(payload, 'base64').toString().replace('\\u2028', '\u2028');
    return `"payload":"${Buffer.from(json).toString('base64')}"`;
  });
}

const envelope: Envelope = {
  eventId: 'e',
  aggregateId: 'a',
  eventType: 't',
  eventVersion: 1,
  timestamp: new Date(0),
  payload: { n: 1 },
  tenantId: 7,
};
const start =
  '{"event_id":"e","aggregate_id":"a","event_type":"t","event_version":1,"timestamp":"1970-01-01T00:00:00.000Z"';

describe('lineageCodec', () => {
  it.each([
    ['1.1.19', ',"payload":"eyJuIjoxfQ=="}'],
    ['v1.1.21', ',"payload":"eyJuIjoxfQ=="}'],
    ['1.1.22', ',"tenant_id":"7","payload":"eyJuIjoxfQ=="}'],
    ['1.1.23', ',"tenant_id":"7","payload":{"n":1}}'],
    ['1.1.36', ',"tenant_id":7,"payload":{"n":1}}'],
    ['2.0.0', ',"tenant_id":7,"payload":{"n":1}}'],
  ])('writes as %s does', (version, end) => {
    const codec = lineageCodec({ version });
    expect(text(codec.encode(envelope))).toBe(start + end);
    const hasTenant = end.includes('tenant');
    expect(codec.headers?.(envelope)).toHaveLength(hasTenant ? 5 : 4);
    const { tenantId, ...others } = envelope;
    expect(codec.decode(codec.encode(envelope))).toEqual(hasTenant ? envelope : others);
    expect(tenantId).toBe(7);
  });

  it('writes tenant 0 as Go does: as text, or not at all', () => {
    const zero = { ...envelope, tenantId: 0 };
    expect(text(lineageCodec({ version: '1.1.35' }).encode(zero))).toContain('"tenant_id":"0"');
    const current = lineageCodec({ version: '1.7.5' });
    expect(text(current.encode(zero))).not.toContain('tenant_id');
    expect(current.headers?.(zero)).toEqual(envelopeHeaders({ ...zero, tenantId: undefined as never }));
  });

  it('reads what later services write, as long as it can be told apart', () => {
    const oldest = lineageCodec({ version: '1.1.20' });
    expect(oldest.decode(jsonCodec.encode(envelope))).toEqual(envelope);
    expect(oldest.decode(lineageCodec({ version: '1.1.35' }).encode(envelope))).toEqual(envelope);
  });

  it.each<[string, string, string]>([
    ['1.1.20', '"payload":"no base64"', 'invalid envelope: payload is no base64'],
    ['1.1.20', '"payload":"eyJuIjoxfQ="', 'invalid envelope: payload is no base64'],
    ['1.1.20', '"payload":""', 'invalid envelope: payload is required'],
    ['1.1.20', '"payload":"//79"', 'invalid envelope: payload holds no JSON'],
    ['1.1.20', '"payload":"e30"', 'invalid envelope: payload is no base64'],
    ['1.1.35', '"payload":1,"tenant_id":"acme"', 'tenant_id must be an integer in text, got "acme"'],
    ['1.1.35', '"payload":1,"tenant_id":"007"', 'tenant_id must be an integer in text, got "007"'],
    ['1.1.35', '"payload":1,"tenant_id":"9007199254740993"', 'tenant_id must be an integer in text'],
  ])('%s refuses %s', (version, fields, message) => {
    const decode = () => lineageCodec({ version }).decode(bytes(`${start},${fields}}`));
    expect(decode).toThrow(EnvelopeError);
    expect(decode).toThrow(message);
  });

  it.each([undefined, {}, { version: 'latest' }, { version: 1 }, { version: '1.1.20', bigInt: 'string' }])(
    'refuses the options %j',
    (options) => {
      expect(() => lineageCodec(options as never)).toThrow(ConfigError);
      expect(() => lineageCodec(options as never)).toThrow(/^lineageCodec: /);
    },
  );
});
