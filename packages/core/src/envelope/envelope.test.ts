import { describe, expect, it } from 'vitest';
import { EnvelopeError } from '../errors.js';
import { createEnvelope, type EnvelopeInput, validateEnvelope } from './envelope.js';

const input: EnvelopeInput = {
  aggregateId: 'order-1',
  eventType: 'OrderCreated',
  eventVersion: 1,
  payload: { total: 10 },
};

describe('createEnvelope', () => {
  it('fills in an event id and the time, and leaves unset fields out', () => {
    const before = Date.now();
    const envelope = createEnvelope(input);
    expect(envelope).toEqual({ ...input, eventId: envelope.eventId, timestamp: envelope.timestamp });
    expect(Object.keys(envelope)).not.toContain('traceId');
    expect(envelope.timestamp.getTime()).toBeGreaterThanOrEqual(before);
    expect(envelope.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('keeps what is given', () => {
    const full = {
      ...input,
      eventId: 'evt-1',
      timestamp: new Date(5),
      traceId: 't',
      correlationId: 'c',
      tenantId: 0,
    };
    expect(createEnvelope(full)).toEqual(full);
  });

  it('makes ids that increase strictly within the process', () => {
    const ids = Array.from({ length: 10_000 }, () => createEnvelope(input).eventId);
    expect(ids.every((id, i) => i === 0 || id > (ids[i - 1] as string))).toBe(true);
  });
});

describe('createEnvelope given a key that envelopes do not have', () => {
  it.each([
    ['correlationID', "did you mean 'correlationId'?"],
    ['event_id', "did you mean 'eventId'?"],
    ['aggregate_id', "did you mean 'aggregateId'?"],
    ['event_version', "did you mean 'eventVersion'?"],
    ['tenantID', "did you mean 'tenantId'?"],
    ['type', "did you mean 'eventType'?"],
    ['headers', 'publishEnvelope(topic, envelope, { headers })'],
    ['warehouse', 'goes into the payload'],
    ['constructor', 'goes into the payload'],
  ])('refuses %s', (key, hint) => {
    const refused = () => createEnvelope({ ...input, [key]: 'x' });
    expect(refused).toThrow(EnvelopeError);
    expect(refused).toThrow(hint);
    expect(refused).toThrow(`unknown key '${key}'`);
    expect(() => createEnvelope({ ...input, [key]: undefined })).not.toThrow();
  });
});

describe('validateEnvelope', () => {
  const valid = createEnvelope(input);
  const failure = (changes: object) => {
    try {
      validateEnvelope({ ...valid, ...changes });
    } catch (error) {
      expect(EnvelopeError.isInstance(error)).toBe(true);
      const { message, path, code } = error as EnvelopeError;
      expect(code).toBe('ENVELOPE_INVALID');
      return [path, message];
    }
    return undefined;
  };

  it('accepts a valid envelope', () => {
    for (const changes of [
      {},
      { payload: 0 },
      { payload: '' },
      { payload: false },
      { tenantId: -3 },
      { traceId: '' },
    ]) {
      expect(failure(changes)).toBeUndefined();
    }
    expect(failure({ aggregateId: ' padded ' })).toBeUndefined();
  });

  it.each<[object, string, string]>([
    [{ eventId: '' }, 'event_id', 'event_id is required'],
    [{ eventId: ' \t\u00a0' }, 'event_id', 'event_id is required'],
    [{ eventId: undefined }, 'event_id', 'event_id is required'],
    [{ eventId: null }, 'event_id', 'event_id is required'],
    [{ eventId: 5 }, 'event_id', 'event_id must be a string, got 5'],
    [{ aggregateId: ' ' }, 'aggregate_id', 'aggregate_id is required'],
    [{ aggregateId: ['a'] }, 'aggregate_id', 'aggregate_id must be a string, got an array'],
    [{ eventType: '' }, 'event_type', 'event_type is required'],
    [{ eventType: {} }, 'event_type', 'event_type must be a string, got an object'],
    ...[undefined, null].map((eventVersion): [object, string, string] => [
      { eventVersion },
      'event_version',
      'event_version must be positive, and is missing: give 1 for the first version of a type',
    ]),
    ...[0, -1, 1.5, Number.NaN, 2 ** 53, '1'].map((eventVersion): [object, string, string] => [
      { eventVersion },
      'event_version',
      'event_version must be positive',
    ]),
    [{ payload: undefined }, 'payload', 'payload is required'],
    [{ payload: null }, 'payload', 'payload is required'],
    [
      { aggregateId: 'x'.repeat(257) },
      'aggregate_id',
      'invalid aggregate_id: aggregate_id too long (max 256 characters)',
    ],
    [
      { aggregateId: `${'x'.repeat(256)}#` },
      'aggregate_id',
      'invalid aggregate_id: aggregate_id too long (max 256 characters)',
    ],
    [
      { aggregateId: 'order 1' },
      'aggregate_id',
      'invalid aggregate_id: aggregate_id contains invalid character:  ',
    ],
    [
      { aggregateId: 'order-😀' },
      'aggregate_id',
      'invalid aggregate_id: aggregate_id contains invalid character: 😀',
    ],
    [{ timestamp: undefined }, 'timestamp', 'timestamp is required'],
    [{ timestamp: new Date(Number.NaN) }, 'timestamp', 'timestamp must be a valid Date, got an invalid Date'],
    [{ timestamp: '2024-01-01T00:00:00Z' }, 'timestamp', 'timestamp must be a valid Date, got a string'],
    [{ traceId: 5 }, 'trace_id', 'trace_id must be a string, got 5'],
    [{ correlationId: true }, 'correlation_id', 'correlation_id must be a string, got true'],
    [{ tenantId: 1.5 }, 'tenant_id', 'tenant_id must be an integer, got 1.5'],
    [{ tenantId: '7' }, 'tenant_id', 'tenant_id must be an integer, got a string'],
  ])('refuses %j', (changes, path, message) => {
    expect(failure(changes)).toEqual([path, message]);
  });

  it('reports the first failure in the order of the checks', () => {
    const broken: [string, unknown, string][] = [
      ['eventId', '', 'event_id is required'],
      ['eventType', '', 'event_type is required'],
      ['eventVersion', 0, 'event_version must be positive'],
      ['payload', null, 'payload is required'],
      ['aggregateId', '#', 'invalid aggregate_id: aggregate_id contains invalid character: #'],
      ['timestamp', undefined, 'timestamp is required'],
      ['tenantId', 'x', 'tenant_id must be an integer, got a string'],
    ];
    for (let first = 0; first < broken.length; first++) {
      const changes = Object.fromEntries(broken.slice(first).map(([field, value]) => [field, value]));
      expect(failure(changes)?.[1]).toBe(broken[first]?.[2]);
    }
    expect(failure({ aggregateId: '', eventType: '' })?.[1]).toBe('aggregate_id is required');
  });

  it.each([undefined, null, 'text', 7, []])('refuses %j as no envelope', (value) => {
    expect(() => validateEnvelope(value)).toThrow('an envelope must be an object');
  });
});
