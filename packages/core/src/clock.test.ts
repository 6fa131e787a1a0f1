import { describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.js';

describe('the system clock', () => {
  it.each([0, 0.4, 4990.213635, 1e15, -3])('makes a signal that waits for %s ms', (ms) => {
    expect(systemClock.timeout(ms).aborted).toBe(false);
  });

  it('aborts after a fraction of a millisecond', async () => {
    const signal = systemClock.timeout(0.2);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.reason).toHaveProperty('name', 'TimeoutError');
  });

  it('lets durations grow whatever the wall clock does', () => {
    const before = systemClock.monotonic();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    try {
      expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
    } finally {
      vi.useRealTimers();
    }
  });

  it('goes with the fake timers of a test as a whole', () => {
    vi.useFakeTimers();
    try {
      const before = [systemClock.now(), systemClock.monotonic()];
      vi.advanceTimersByTime(5_000);
      const after = [systemClock.now(), systemClock.monotonic()];
      expect(after.map((time, i) => Math.round(time - (before[i] ?? 0)))).toEqual([5_000, 5_000]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('calls back after microtasks', async () => {
    const seen: string[] = [];
    const turn = new Promise<void>((resolve) => {
      systemClock.setImmediate(() => {
        seen.push('turn');
        resolve();
      });
    });
    await Promise.resolve().then(() => seen.push('microtask'));
    await turn;
    expect(seen).toEqual(['microtask', 'turn']);
  });

  it('hands out bytes once, also more than it keeps at hand', () => {
    const drawn = Array.from({ length: 1_000 }, () =>
      Buffer.from(systemClock.randomBytes(16)).toString('hex'),
    );
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(systemClock.randomBytes(10_000)).toHaveLength(10_000);
    expect(systemClock.randomBytes(0)).toHaveLength(0);
  });
});
