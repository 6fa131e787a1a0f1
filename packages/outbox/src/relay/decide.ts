/** The consequence of a failed publish. Pure. */
import { type BackoffOptions, backoffDelay, type Clock, EbusError, shown } from '@ebus/core/driver';
import type { Failure } from '../store.js';

/** How much of an error's message is kept. */
const ERROR_LIMIT = 2000;

type Decision =
  /** Nothing was wrong with the event: it goes back as it is. */
  { readonly release: true } | { readonly release: false; readonly failure: Omit<Failure, 'id' | 'token'> };

/** The relay's settings that decide about a failed publish. `maxRetries` counts refusals, not passing failures. */
export interface DecideOptions {
  readonly maxRetries: number;
  readonly backoff: BackoffOptions;
  readonly clock: Pick<Clock, 'random'>;
}

/**
 * A bus that is closed says nothing about the event. A failure that may pass by itself (`retryable`) never counts;
 * the others do, and the one beyond `maxRetries` is final.
 */
export function decide(
  error: unknown,
  event: { readonly attempts: number; readonly retryCount: number },
  options: DecideOptions,
): Decision {
  const known = EbusError.from(error);
  if (known.code === 'BUS_CLOSED' || known.code === 'ABORTED') return { release: true };
  const counts = !known.retryable;
  return {
    release: false,
    failure: {
      error: shown(`${known.code}: ${known.message}`, ERROR_LIMIT),
      delay: backoffDelay(options.backoff, event.attempts + 1, options.clock),
      counts,
      final: counts && event.retryCount >= options.maxRetries,
    },
  };
}
