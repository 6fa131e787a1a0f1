import { describe, expect, it } from 'vitest';
import { batchOf, limitsOf } from './demand.js';

const credit = (messages: number, bytes = 1e6) => ({ messages, bytes });
const batch = (messages: number, held = 0, outstanding = 0, bytes = 1e6) =>
  batchOf({ credit: credit(messages, bytes), held, outstanding, maxAckPending: 1_000 });

describe('what is asked for', () => {
  it('is the credit, what is on its way taken off', () => {
    expect(batch(100)).toBe(100);
    expect(batch(100, 0, 40)).toBe(60);
  });

  it('is nothing without credit in messages or bytes', () => {
    expect(batch(0)).toBe(0);
    expect(batch(-5)).toBe(0);
    expect(batch(100, 0, 0, 0)).toBe(0);
  });

  it('is not a request for a few more while most is on its way', () => {
    expect(batch(100, 0, 60)).toBe(0);
    expect(batch(100, 0, 100)).toBe(0);
  });

  it('leaves half of the consumer to other instances', () => {
    expect(batch(1_000)).toBe(500);
    expect(batch(1_000, 490)).toBe(10);
    expect(batch(1_000, 500)).toBe(0);
    expect(batchOf({ credit: credit(10), held: 0, outstanding: 0, maxAckPending: 1 })).toBe(1);
  });

  it('is what is missing, also where an instance holds its half of newer messages already', () => {
    const given = { ...credit(334), missing: 334 };
    expect(batchOf({ credit: given, held: 500, outstanding: 0, maxAckPending: 1_000 })).toBe(334);
  });

  it('is within the bytes that are left, and then the one message that is larger', () => {
    expect(limitsOf(50, 700, false)).toEqual({ batch: 50, maxBytes: 700 });
    expect(limitsOf(50, 700, true)).toEqual({ batch: 1, maxBytes: 0 });
    expect(limitsOf(50, 0, true)).toBeUndefined();
    expect(limitsOf(50, 1e9, false)?.maxBytes).toBe(16 * 1024 * 1024);
  });
});
