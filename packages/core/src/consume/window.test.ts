import { describe, expect, it } from 'vitest';
import type { ConsumePolicy } from './policy.js';
import { roomForMissing, roomOf, roomWith, WINDOW_BYTES, windowOf } from './window.js';

const policy = (of: Partial<ConsumePolicy>) => of as ConsumePolicy;

describe('the window', () => {
  it.each([
    [{ ordering: 'none', concurrency: 10 }, 256],
    [{ ordering: 'none', concurrency: 1_000 }, 2_000],
    [{ ordering: 'instance', concurrency: 8, queuePerKey: 100 }, 800],
    [{ ordering: 'cluster', concurrency: 256, queuePerKey: 1_000 }, 10_000],
    [{ ordering: 'cluster', concurrency: 500, queuePerKey: 1_000 }, 16_000],
    [{ ordering: 'cluster', concurrency: 2_000, queuePerKey: 1_000 }, 32_000],
    [{ ordering: 'cluster', concurrency: 500, queuePerKey: 1 }, 500],
  ] as const)('of %j is %d messages', (of, expected) => {
    expect(windowOf(policy(of))).toBe(expected);
  });

  it('leaves room for what one key may still queue, since all that comes may be of it', () => {
    const ordered = policy({ queuePerKey: 100 });
    expect(roomOf(ordered, 800, { count: 10, bytes: 1_000 }, 0)).toEqual({
      messages: 100,
      bytes: WINDOW_BYTES - 1_000,
    });
    expect(roomOf(ordered, 800, { count: 10, bytes: 0 }, 95).messages).toBe(5);
    expect(roomOf(ordered, 800, { count: 799, bytes: 0 }, 0).messages).toBe(1);
  });

  it('has no room where a raised limit was lowered again', () => {
    expect(roomOf(policy({ queuePerKey: 100 }), 50, { count: 60, bytes: 0 }, 0).messages).toBeLessThan(0);
  });

  it.each([
    ['as many as are missing, beyond a full window', 10, { missing: 3, returned: 0 }, 3],
    ['no more than are missing', 0, { missing: 3, returned: 0 }, 3],
    ['less where newer ones have come instead', 12, { missing: 3, returned: 0 }, 1],
    ['none where those have taken all of it', 13, { missing: 3, returned: 0 }, 0],
    ['the others, where more than a window have come again', 15, { missing: 5, returned: 15 }, 1],
    ['none where newer ones have come after those', 16, { missing: 5, returned: 15 }, 0],
    ['none where nothing is missing', 10, { missing: 0, returned: 12 }, 0],
  ])('has room for %s', (_, count, missing, room) => {
    expect(Math.max(0, roomForMissing(10, count, missing))).toBe(room);
  });

  it('has room for a missing message whatever bytes are held', () => {
    const full = { messages: 0, bytes: -5 };
    expect(roomWith(full, 10, 10, { missing: 2, returned: 0 })).toEqual({
      messages: 2,
      bytes: 1,
      missing: 2,
    });
    expect(roomWith(full, 10, 10, { missing: 0, returned: 0 })).toBe(full);
  });
});
