/** Waiting for work of others, but not for ever. */
import type { Clock } from '../clock.js';
import { within } from './within.js';

/** True if the work settles, well or not, within so many milliseconds; it goes on otherwise. Never rejects. */
export function settledWithin(clock: Clock, work: Promise<unknown>, ms: number): Promise<boolean> {
  const done = () => true;
  return within(work.then(done, done), { clock, ms }, () => false);
}
