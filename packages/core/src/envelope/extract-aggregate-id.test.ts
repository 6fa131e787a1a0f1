import { describe, expect, it } from 'vitest';
import { EnvelopeError } from '../errors.js';
import { encodeEnvelope } from './codec.js';
import { createEnvelope } from './envelope.js';
import { aggregateIdFromHeaders, extractAggregateId } from './extract-aggregate-id.js';

const data = encodeEnvelope(
  createEnvelope({ aggregateId: 'from-data', eventType: 'Seen', eventVersion: 1, payload: {} }),
);
const text = (value: string) => new TextEncoder().encode(value);

describe('extractAggregateId', () => {
  it('prefers the envelope, then the headers, then the key, then the subject', () => {
    const headers = { 'X-Aggregate-ID': 'from-header' };
    const all = { data, headers, key: 'from-key', subject: 'orders.from-subject' };
    expect(extractAggregateId(all)).toBe('from-data');
    expect(extractAggregateId({ ...all, data: undefined })).toBe('from-header');
    expect(extractAggregateId({ key: 'from-key', subject: 'orders.from-subject' })).toBe('from-key');
    expect(extractAggregateId({ subject: 'orders.from-subject' })).toBe('from-subject');
  });

  it('passes over what is not valid', () => {
    const source = {
      data: text('{"aggregate_id":"no-envelope"}'),
      headers: { 'X-Aggregate-ID': 'not valid', 'aggregate-id': '' },
      key: '#',
      subject: 'orders.order-1.#.*',
    };
    expect(extractAggregateId(source)).toBe('order-1');
    expect(extractAggregateId({ ...source, key: ' key-1 ' })).toBe('key-1');
  });

  it('prefers the spelling of the header before its place', () => {
    const headers: [string, string][] = [
      ['aggregate-id', 'd'],
      ['Aggregate-ID', 'c'],
      ['x-aggregate-id', 'b'],
      ['X-Aggregate-ID', 'a'],
    ];
    const found = headers.map((_, dropped) => aggregateIdFromHeaders(headers.slice(0, 4 - dropped)));
    expect(found).toEqual(['a', 'b', 'c', 'd']);
    expect(aggregateIdFromHeaders([['X-Aggregate-ID', text(' bytes ')]])).toBe('bytes');
    expect(aggregateIdFromHeaders([])).toBeUndefined();
  });

  it.each([
    {},
    { data: new Uint8Array() },
    { data: text('plain') },
    { headers: {} },
    { key: '' },
    { subject: '' },
  ])('finds nothing in %j', (source) => {
    expect(() => extractAggregateId(source)).toThrow('aggregate_id not found in any source');
    expect(() => extractAggregateId(source)).toThrow(EnvelopeError);
  });
});
