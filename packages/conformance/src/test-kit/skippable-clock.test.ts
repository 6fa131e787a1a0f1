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
});
