import { describe, expect, it } from 'vitest';
import { MAX_TIMER_MS, systemClock } from './clock.js';

describe('systemClock', () => {
  it('tells epoch milliseconds', () => {
    const before = Date.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it('fires a timer once', async () => {
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(resolve, 1);
    });
  });

  it('clears a timer, and does not mind one that has fired', async () => {
    let fired = false;
    const cleared = systemClock.setTimeout(() => {
      fired = true;
    }, 1);
    systemClock.clearTimeout(cleared);
    const other = await new Promise<ReturnType<typeof systemClock.setTimeout>>((resolve) => {
      const handle = systemClock.setTimeout(() => resolve(handle), 5);
    });
    systemClock.clearTimeout(other);
    expect(fired).toBe(false);
  });

  it('cuts delays that Node cannot hold instead of firing at once', async () => {
    let fired = false;
    const handle = systemClock.setTimeout(() => {
      fired = true;
    }, MAX_TIMER_MS * 2);
    handle.unref();
    await new Promise((resolve) => systemClock.setTimeout(() => resolve(undefined), 10));
    systemClock.clearTimeout(handle);
    expect(fired).toBe(false);
  });
});
