import { describe, expect, it } from 'vitest';
import { compare, recreation } from './recovery.js';

const [early, later, latest] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00.5Z', '2026-01-03T00:00:00Z'];

describe('a consumer that is found again', () => {
  it('is told from another of its name, and from one in another stream', () => {
    expect(compare(later, { created: later }, { created: early })).toBe('same');
    expect(compare(later, { created: latest }, { created: early })).toBe('another');
    expect(compare(early, { created: latest }, { created: later })).toBe('new-stream');
  });
});

describe('a consumer that is made anew', () => {
  const before = { stream: 'SHOP', created: later };

  it('goes on behind what the group has settled', () => {
    expect(recreation(before, { name: 'SHOP', created: early }, 41)).toEqual({
      isSameStream: true,
      from: 42,
    });
  });

  it('reads all of a stream that is another one', () => {
    const all = { isSameStream: false, from: 'earliest' };
    expect(recreation(before, { name: 'SHOP', created: latest }, 41)).toEqual(all);
    expect(recreation(before, { name: 'OTHER', created: early }, 41)).toEqual(all);
  });
});
