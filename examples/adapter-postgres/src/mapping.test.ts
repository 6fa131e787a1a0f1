import { describe, expect, it } from 'vitest';
import { decodeHeaders, encodeHeaders, type MessageRow, toMessage } from './mapping.js';

const row = (members: Partial<MessageRow> = {}): MessageRow => ({
  ...{ id: '9007199254740993', key: null, value: Buffer.from('body'), headers: encodeHeaders([]) },
  ...{ message_id: null, stored_at: new Date(1_000), attempts: 1 },
  ...members,
});

describe('toMessage', () => {
  it('keeps ids beyond what a number holds', () => {
    expect(toMessage('t', row()).position).toEqual({ offset: 9_007_199_254_740_993n });
  });

  it('hands a key over as text, and as bytes where it is none', () => {
    const keyOf = (key: Buffer | null) => toMessage('t', row({ key })).key;
    expect(keyOf(null)).toBeUndefined();
    expect(keyOf(Buffer.from('grüße'))).toBe('grüße');
    expect(keyOf(Buffer.from([0xff, 0xfe]))).toEqual(Buffer.from([0xff, 0xfe]));
  });

  it('keeps an empty body', () => {
    expect(toMessage('t', row({ value: Buffer.alloc(0) })).value).toHaveLength(0);
  });

  it('counts deliveries, where it is one', () => {
    expect(toMessage('t', row())).toMatchObject({ deliveryCount: 1, redelivered: false });
    expect(toMessage('t', row({ attempts: 3 }))).toMatchObject({ deliveryCount: 3, redelivered: true });
    const { attempts: _, ...seen } = row();
    expect(toMessage('t', seen)).not.toHaveProperty('deliveryCount');
  });

  it('knows its size', () => {
    expect(toMessage('t', row({ key: Buffer.from('key') })).size).toBe(4 + 2 + 3);
  });
});

describe('headers', () => {
  it('come back in order, with duplicates, text as text and bytes as bytes', () => {
    const list: [string, string | Uint8Array][] = [
      ['a', '1'],
      ['__proto__', 'x'],
      ['a', Buffer.from([0, 255])],
      ['a', '\u0000\ud800'],
    ];
    expect(decodeHeaders(encodeHeaders(list))).toEqual(list);
  });
});
