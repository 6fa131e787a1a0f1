import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { HEARTBEAT_MS } from './demand.js';
import { SignsOfLife } from './signs-of-life.js';

it('misses a server that has said nothing for two heartbeats', async () => {
  const clock = new ManualClock();
  const signs = new SignsOfLife(clock);
  signs.seen();
  expect(signs.areMissing()).toBe(false);
  await clock.advance(2 * HEARTBEAT_MS - 1);
  expect(signs.areMissing()).toBe(false);
  await clock.advance(1);
  expect(signs.areMissing()).toBe(true);
  signs.seen();
  expect(signs.areMissing()).toBe(false);
});
