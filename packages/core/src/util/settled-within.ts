/** Waiting for work of others, but not for ever. */
import { systemClock, type TimerHandle } from '../clock.js';

/** True if the work settles, well or not, within so many milliseconds; it goes on otherwise. Never rejects. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: TimerHandle | undefined;
  const late = new Promise<false>((resolve) => {
    timer = systemClock.setTimeout(() => resolve(false), ms);
  });
  const done = () => true as const;
  const inTime = await Promise.race([work.then(done, done), late]);
  if (timer !== undefined) systemClock.clearTimeout(timer);
  return inTime;
}
