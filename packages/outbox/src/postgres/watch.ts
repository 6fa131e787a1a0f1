/** Goes on listening, whatever becomes of connections. */
import { backoffDelay, type Clock, type TimerHandle } from '@ebus/core/driver';
import type { Listen } from './listen.js';

const BACKOFF = { base: 500, max: 30_000 };

/** Calls `wake` for notifications and after each new beginning, since some may have been missed. Returns the end. */
export function watch(clock: Clock, listen: Listen, channel: string, wake: () => void): () => Promise<void> {
  let ended = false;
  let failures = 0;
  let end: (() => void | Promise<void>) | undefined;
  let timer: TimerHandle | undefined;
  let beginning: Promise<void> = begin();

  async function begin(): Promise<void> {
    let isLost = false;
    const lost = () => {
      isLost = true;
      end = undefined;
      beginAgain();
    };
    try {
      const stop = await listen(channel, wake, lost);
      if (isLost) return;
      if (ended) return await stop();
      end = stop;
      failures = 0;
      wake();
    } catch {
      // Polling goes on meanwhile, and says why the database cannot be reached.
      if (!isLost) beginAgain();
    }
  }

  function beginAgain(): void {
    if (ended) return;
    failures++;
    timer = clock.setTimeout(
      () => {
        beginning = begin();
      },
      backoffDelay(BACKOFF, failures, clock),
    );
    timer.unref();
  }

  return async () => {
    ended = true;
    if (timer !== undefined) clock.clearTimeout(timer);
    await beginning;
    await end?.();
  };
}
