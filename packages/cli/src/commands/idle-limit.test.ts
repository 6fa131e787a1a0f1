import { expect, it, vi } from 'vitest';
import { idleLimit } from './idle-limit.js';

it('ends what stands still, however long the whole takes, and leaves no timer behind', () => {
  vi.useFakeTimers();
  const idle = idleLimit(globalThis as never, 1_000);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(900);
    idle.restart();
  }
  expect(idle.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(idle.signal.aborted).toBe(true);
  idle.restart();
  idle.end();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
