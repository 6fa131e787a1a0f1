import { validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { ManualClock } from '../testing/manual-clock.js';
import { newEventId } from './event-id.js';

describe('newEventId', () => {
  it('makes valid UUIDs of version 7, each greater than the one before', () => {
    const ids = Array.from({ length: 20_000 }, () => newEventId(systemClock));
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('carries the time in its first 48 bits', () => {
    const before = Date.now();
    const ms = Number.parseInt(newEventId(systemClock).replaceAll('-', '').slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('goes on growing when the clock is set back', () => {
    const clock = new ManualClock();
    const before = newEventId(clock);
    clock.setWall(-60_000);
    expect(newEventId(clock) > before).toBe(true);
  });

  it('repeats where time and chance do', () => {
    const three = (clock: ManualClock) => [newEventId(clock), newEventId(clock), newEventId(clock)];
    expect(three(new ManualClock())).toEqual(three(new ManualClock()));
  });
});
