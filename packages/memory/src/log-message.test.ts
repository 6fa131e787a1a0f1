import { describe, expect, it } from 'vitest';
import { orderKey, redeliveryOf, toLogMessage } from './log-message.js';
import { record } from './testing/harness.js';

const ARRIVAL = { timestamp: 1_000, at: 5 };
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('toLogMessage', () => {
  it('copies a value that somebody else may change', () => {
    const value = Buffer.from('before');
    const kept = toLogMessage(record('', { value, ownsValue: false }), 0, ARRIVAL);
    value.write('after!');
    expect(new TextDecoder().decode(kept.value)).toBe('before');
  });

  it('shows each copy of a slab by itself', () => {
    const texts = ['one', '', 'three'];
    const kept = texts.map((text) =>
      toLogMessage(record('', { value: Buffer.from(text), ownsValue: false }), 0, ARRIVAL),
    );
    expect(kept.map(({ value }) => new TextDecoder().decode(value))).toEqual(texts);
    expect(kept.map(({ length, size }) => [length, size])).toEqual([
      [3, 3],
      [0, 0],
      [5, 5],
    ]);
  });

  it('takes over a value that nobody else holds', () => {
    const value = bytes(1, 2, 3);
    expect(toLogMessage(record('', { value, ownsValue: true }), 0, ARRIVAL).value).toBe(value);
  });

  it('shows keys as text, and as bytes of its own where they are no valid UTF-8', () => {
    const key = bytes(0xff, 0xfe);
    const kept = toLogMessage(record('', { key }), 0, ARRIVAL);
    key[0] = 0;
    expect(kept.key).toEqual(bytes(0xff, 0xfe));
    expect(toLogMessage(record('', { key: Buffer.from('naïve') }), 0, ARRIVAL).key).toBe('naïve');
  });

  it('is a first delivery; its redelivery counts on', () => {
    const first = toLogMessage(record('x', { messageId: 'id-1' }), 7, ARRIVAL);
    expect(first).toMatchObject({ token: 7, position: { offset: 7 }, deliveryCount: 1, redelivered: false });
    expect(first.timestamp).toBe(1_000);
    const second = redeliveryOf(first);
    expect(second).toEqual({ ...first, deliveryCount: 2 });
    const { position, value, timestamp } = first;
    expect(second).toMatchObject({ position, value, timestamp, redelivered: true });
    expect(redeliveryOf(second).deliveryCount).toBe(3);
  });
});

describe('orderKey', () => {
  const keyOf = (fields: Parameters<typeof record>[1]) =>
    orderKey(toLogMessage(record('', fields), 0, ARRIVAL));

  it('is the key, else the aggregate id header', () => {
    expect(keyOf({ key: 'a', headers: [['X-Aggregate-ID', 'b']] })).toBe('a');
    expect(keyOf({ headers: [['x-aggregate-id', 'b']] })).toBe('b');
    expect(keyOf({ key: '', headers: [['X-Aggregate-ID', Buffer.from('c')]] })).toBe('c');
  });

  it('keeps keys of different bytes apart', () => {
    expect(keyOf({ key: bytes(0xff) })).not.toBe(keyOf({ key: bytes(0xfe) }));
    expect(keyOf({ key: bytes(0xff) })).toBe(keyOf({ key: bytes(0xff) }));
  });

  it('is undefined where there is neither', () => {
    expect(keyOf({})).toBeUndefined();
    expect(keyOf({ key: '', headers: [['X-Aggregate-ID', '']] })).toBeUndefined();
    expect(keyOf({ key: bytes() })).toBeUndefined();
  });
});
