/** Ids that cannot be guessed. */
import { v4 } from 'uuid';
import type { Clock } from '../clock.js';

/** A UUIDv4 of the clock's random bytes. */
export function randomUuid(clock: Pick<Clock, 'randomBytes'>): string {
  return v4({ random: clock.randomBytes(16) });
}
