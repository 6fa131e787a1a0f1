import type { HeaderValue, OutgoingRecord } from '@ebus/core/driver';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeaderBlock, toHeaderBlock } from './mapping.js';

function record(given: Partial<OutgoingRecord>): OutgoingRecord {
  const value = new Uint8Array();
  return { topic: 'orders', persistence: 'persistent', value, headers: [], ...given } as OutgoingRecord;
}

function roundTrip(given: Partial<OutgoingRecord>) {
  const block = toHeaderBlock(record(given), true)?.encode() ?? new TextEncoder().encode('NATS/1.0\r\n\r\n');
  return readHeaderBlock(block);
}

const block = (...lines: string[]) => new TextEncoder().encode(`NATS/1.0\r\n${lines.join('\r\n')}\r\n\r\n`);

describe('headers', () => {
  it('come back as they were given, whatever their values', () => {
    const name = fc
      .stringMatching(/^[!-9;-~]{1,20}$/)
      .filter((text) => !/^nats-|^x-(ebus-encoded|aggregate-id)$/i.test(text));
    const value: fc.Arbitrary<HeaderValue> = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      // Bytes that are text come back as text: no header can say which they were.
      fc.constantFrom(new Uint8Array([0xff, 0x00, 0x0a]), new Uint8Array([0x80])),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (headers) => {
        // Lone surrogates have no UTF-8 form.
        fc.pre(headers.every(([, one]) => typeof one !== 'string' || !/\p{Surrogate}/u.test(one)));
        expect(roundTrip({ headers }).headers).toEqual(headers);
      }),
    );
  });

  it('carry key and message id, which are told apart from headers of the message', () => {
    const headers = [['a', '1']] as const;
    const read = roundTrip({ key: 'order-1', messageId: 'e1', headers });
    expect(read).toEqual({
      headers: [['X-Aggregate-ID', 'order-1'], ...headers],
      key: 'order-1',
      messageId: 'e1',
      pin: undefined,
    });
  });

  it('are read whatever the case of their names, those of NATS left out', () => {
    const read = readHeaderBlock(
      block('x-aggregate-id:a', 'nats-msg-id: other:e1', 'NATS-PIN-ID: p', 'Nats-Sequence: 7', 'B:  c '),
    );
    const headers = [
      ['x-aggregate-id', 'a'],
      ['B', 'c'],
    ];
    expect(read).toEqual({ headers, key: 'a', messageId: 'other:e1', pin: 'p' });
  });

  it('of others keep bytes that are no text, and white space that is not around them', () => {
    const bytes = new Uint8Array([0x61, 0xff, 0xa0]);
    const raw = Buffer.concat([
      Buffer.from('NATS/1.0\r\nA: '),
      bytes,
      Buffer.from('\r\nB: \u00e4\u00a0\t\r\n\r\n'),
    ]);
    expect(readHeaderBlock(raw).headers).toEqual([
      ['A', bytes],
      ['B', '\u00e4\u00a0'],
    ]);
    expect(readHeaderBlock(block('B: \u00e4\u00a0')).headers).toEqual([['B', '\u00e4\u00a0']]);
  });

  it('are decoded wherever the line stands that says which are encoded', () => {
    for (const lines of [
      ['X-Ebus-Encoded: b', 'B: %41', 'a: %41', 'Nats-Msg-Id: orders:e1'],
      ['Nats-Msg-Id: orders:e1', 'B: %41', 'a: %41', 'x-ebus-encoded: b'],
    ]) {
      const { headers, messageId } = readHeaderBlock(block(...lines));
      expect(headers).toEqual([
        ['B', 'A'],
        ['a', '%41'],
      ]);
      expect(messageId).toBe('orders:e1');
    }
  });
});

it.each(['Nats-Rollup', 'NATS-MSG-ID', 'nats-ttl', 'x-ebus-encoded'])('refuses a header %s', (name) => {
  for (const value of ['all', 'ü']) {
    expect(() => toHeaderBlock(record({ headers: [[name, value]] }), true)).toThrow('cannot carry');
  }
});

it('never writes one id for two, whatever characters they have', () => {
  const written = (messageId: string) =>
    Buffer.from(toHeaderBlock(record({ messageId }), true)!.encode()).toString();
  expect(written('orders:ü')).not.toBe(written('orders:%C3%BC'));
  expect(roundTrip({ messageId: 'orders:%C3%BC' }).messageId).toBe('orders:%C3%BC');
});
