import { describe, expect, it } from 'vitest';
import { SkippableClock } from './skippable-clock.js';

describe('SkippableClock', () => {
  it('fires what is due when time is skipped, earliest first, and nothing else', () => {
    const clock = new SkippableClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('hour'), 3_600_000);
    clock.setTimeout(() => fired.push('minute'), 60_000);
    const day = clock.setTimeout(() => fired.push('day'), 86_400_000);
    const before = clock.now();
    clock.skip(3_600_000);
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
    expect(fired).toEqual(['minute', 'hour']);
    clock.clearTimeout(day);
    clock.skip(86_400_000);
    expect(fired).toEqual(['minute', 'hour']);
  });

  it('goes on with the machine', async () => {
    const clock = new SkippableClock();
    clock.skip(1_000);
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 1));
  });

  it('starts at a given wall time', () => {
    const start = Date.UTC(2026, 0, 1);
    const clock = new SkippableClock(start);
    clock.skip(3_600_000);
    expect(clock.now() - start).toBeGreaterThanOrEqual(3_600_000);
    expect(clock.now() - start).toBeLessThan(2 * 3_600_000);
  });

  it('advances from timer to timer, those that are set on the way included', async () => {
    const clock = new SkippableClock();
    const start = clock.monotonic();
    const fired: number[] = [];
    const again = () => {
      fired.push(Math.floor((clock.monotonic() - start) / 60_000));
      clock.setTimeout(again, 60_000);
    };
    clock.setTimeout(again, 60_000);
    await clock.advance(3 * 60_000 + 30_000);
    expect(fired).toEqual([1, 2, 3]);
  });

  it('advances over a month of timers in steps', async () => {
    const clock = new SkippableClock();
    let fired = 0;
    const again = () => {
      fired++;
      clock.setTimeout(again, 500);
    };
    again();
    await clock.advance(30 * 86_400_000);
    expect(fired).toBeGreaterThan(5_000);
    expect(fired).toBeLessThan(20_000);
  });

  it('skips to the next timer and no further', () => {
    const clock = new SkippableClock();
    const fired: string[] = [];
    expect(clock.skipToNext()).toBe(false);
    clock.setTimeout(() => fired.push('hour'), 3_600_000);
    clock.setTimeout(() => fired.push('minute'), 60_000);
    expect([clock.skipToNext(), fired]).toEqual([true, ['minute']]);
    expect([clock.skipToNext(), fired]).toEqual([true, ['minute', 'hour']]);
  });
});
