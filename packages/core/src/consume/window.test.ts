import { describe, expect, it } from 'vitest';
import type { ConsumePolicy } from './policy.js';
import { roomOf, WINDOW_BYTES, windowOf } from './window.js';

const policy = (of: Partial<ConsumePolicy>) => of as ConsumePolicy;

describe('the window', () => {
  it.each([
    [{ ordering: 'none', concurrency: 10 }, 256],
    [{ ordering: 'none', concurrency: 1_000 }, 2_000],
    [{ ordering: 'instance', concurrency: 8, queuePerKey: 100 }, 800],
    [{ ordering: 'cluster', concurrency: 256, queuePerKey: 1_000 }, 10_000],
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
});
