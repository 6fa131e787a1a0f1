import { describe, expect, it } from 'vitest';
import { orderKey, redeliveryOf, toLogMessage } from './log-message.js';
import { record } from './testing/harness.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('toLogMessage', () => {
  it('copies a value that somebody else may change', () => {
    const value = Buffer.from('before');
    const kept = toLogMessage(record('', { value, ownsValue: false }), 0, 0, 0);
    value.write('after!');
    expect(new TextDecoder().decode(kept.value)).toBe('before');
  });

  it('takes over a value that nobody else holds', () => {
    const value = bytes(1, 2, 3);
    expect(toLogMessage(record('', { value, ownsValue: true }), 0, 0, 0).value).toBe(value);
  });

  it('shows keys as text, and as bytes of its own where they are no valid UTF-8', () => {
    const key = bytes(0xff, 0xfe);
    const kept = toLogMessage(record('', { key }), 0, 0, 0);
    key[0] = 0;
    expect(kept.key).toEqual(bytes(0xff, 0xfe));
    expect(toLogMessage(record('', { key: Buffer.from('naïve') }), 0, 0, 0).key).toBe('naïve');
  });

  it('is a first delivery; its redelivery counts on', () => {
    const first = toLogMessage(record('x', { messageId: 'id-1' }), 7, 1_000, 5);
    expect(first).toMatchObject({ token: 7, position: { offset: 7 }, deliveryCount: 1, redelivered: false });
    const second = redeliveryOf(first);
    expect(second).toEqual({ ...first, deliveryCount: 2, redelivered: true });
    expect(redeliveryOf(second).deliveryCount).toBe(3);
  });
});

describe('orderKey', () => {
  const keyOf = (fields: Parameters<typeof record>[1]) => orderKey(toLogMessage(record('', fields), 0, 0, 0));

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
