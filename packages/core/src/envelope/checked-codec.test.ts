import { expect, it } from 'vitest';
import { EbusError, EnvelopeError } from '../errors.js';
import { checkedCodec } from './checked-codec.js';
import { type EnvelopeCodec, jsonCodec } from './codec.js';
import { createEnvelope } from './envelope.js';

const envelope = createEnvelope({ aggregateId: '1', eventType: 'T', eventVersion: 1, payload: {} });

function codecWith(parts: object): EnvelopeCodec {
  return checkedCodec({ encode: jsonCodec.encode, decode: jsonCodec.decode, ...parts });
}

it('leaves a codec that keeps its promises as it is', () => {
  const codec = codecWith({});
  expect(codec.decode(codec.encode(envelope))).toEqual(envelope);
  expect(codec.headers).toBeUndefined();
  expect(codecWith({ headers: () => [['A', 'b']] }).headers?.(envelope)).toEqual([['A', 'b']]);
});

it.each([
  ['undefined', () => undefined],
  ['text', () => '{}'],
  ['a promise of bytes', async () => new Uint8Array(3)],
  ['a promise that rejects', async () => Promise.reject(new Error('later'))],
])('refuses %s as bytes', (_, encode) => {
  expect(() => codecWith({ encode }).encode(envelope)).toThrow(EbusError);
  expect(() => codecWith({ encode }).encode(envelope)).toThrow(/encode\(\) must return a Uint8Array, got/);
});

it.each([
  ['undefined', () => undefined],
  ['null', () => null],
  ['an object', () => ({})],
  ['a number as id', () => ({ ...envelope, aggregateId: 5 })],
  ['a promise', async () => envelope],
  ['a promise that rejects', async () => Promise.reject(new Error('later'))],
])('refuses %s as envelope', (_, decode) => {
  expect(() => codecWith({ decode }).decode(new Uint8Array())).toThrow(EnvelopeError);
});

it('refuses headers that are no list', () => {
  expect(() => codecWith({ headers: () => ({ a: 'b' }) }).headers?.(envelope)).toThrow(
    /headers\(\) must return/,
  );
});
