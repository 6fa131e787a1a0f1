/** Waiting for work of others, but not for ever. */
import type { Clock, TimerHandle } from '../clock.js';

/** True if the work settles, well or not, within so many milliseconds; it goes on otherwise. Never rejects. */
export async function settledWithin(clock: Clock, work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: TimerHandle | undefined;
  const late = new Promise<false>((resolve) => {
    timer = clock.setTimeout(() => resolve(false), ms);
  });
  const done = () => true as const;
  const inTime = await Promise.race([work.then(done, done), late]);
  if (timer !== undefined) clock.clearTimeout(timer);
  return inTime;
}
