/** Trying again what passes by itself. */
import { type Clock, pause } from '@ebus/core/driver';
import { UNKNOWN_TOPIC_MS } from '../client-config.js';
import { classify } from '../errors.js';

const AGAIN_MS = 200;

/**
 * Until it succeeds: a leader or coordinator that moves or is elected is there soon, and not every broker knows a topic
 * that was just created.
 *
 * @param told hears of each trouble that is waited out
 * @throws what does not pass, and the last trouble once the signal aborts
 */
export async function retrying<T>(
  clock: Clock,
  signal: AbortSignal,
  action: () => Promise<T>,
  told?: (error: unknown) => void,
): Promise<T> {
  const begun = clock.monotonic();
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const { code, retryable } = classify(error);
      const mayCome = code === 'TOPIC_NOT_FOUND' && clock.monotonic() - begun < UNKNOWN_TOPIC_MS;
      if (signal.aborted || (!retryable && !mayCome)) throw error;
      told?.(error);
      await pause(clock, AGAIN_MS, signal);
      if (signal.aborted) throw error;
    }
  }
}
