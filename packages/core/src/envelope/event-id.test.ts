import { validate, version } from 'uuid';
import { describe, expect, it, vi } from 'vitest';
import { newEventId } from './event-id.js';

describe('newEventId', () => {
  it('makes valid UUIDs of version 7, each greater than the one before', () => {
    const ids = Array.from({ length: 20_000 }, newEventId);
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('carries the time in its first 48 bits', () => {
    const before = Date.now();
    const ms = Number.parseInt(newEventId().replaceAll('-', '').slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('goes on growing when the clock is set back', () => {
    const before = newEventId();
    vi.useFakeTimers({ now: Date.now() - 60_000 });
    try {
      expect(newEventId() > before).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
