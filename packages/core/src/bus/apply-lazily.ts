/** Applying the configured topics of a bus that connected in the background. */
import type { Clock } from '../clock.js';
import { EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import { TopicApplyError } from '../topics/apply-error.js';
import type { TopicManager, TopicOptions } from '../topics/types.js';
import { backOff } from '../util/waiting.js';

const BACKOFF = { base: 1_000, max: 30_000 };

/** Topics to apply, and the signal that ends trying. */
export interface ApplyLazilyOptions {
  readonly topics: Pick<TopicManager, 'apply'>;
  readonly configs: Record<string, TopicOptions>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the trying. */
  readonly closing: AbortSignal;
}

/**
 * Tries again what may succeed later, until it has or the signal aborts; what cannot is logged once. The state of the
 * connection is another matter: topics that were not applied keep nobody from publishing. Never rejects.
 */
export async function applyLazily(options: ApplyLazilyOptions): Promise<void> {
  const { topics, clock, logger, closing } = options;
  let configs = options.configs;
  for (let attempt = 1; !closing.aborted; attempt++) {
    try {
      await topics.apply(configs);
      return;
    } catch (err) {
      if (closing.aborted) return;
      configs = passing(err, configs);
      if (Object.keys(configs).length === 0) {
        logger.error(
          { err },
          'the configured topics were not applied; call topics.apply() once that is mended',
        );
        return;
      }
      logger.warn({ err, attempt }, 'the configured topics were not applied; trying again');
      await backOff(clock, BACKOFF, attempt, closing);
    }
  }
}

/** Those that may succeed later. */
function passing(error: unknown, configs: Record<string, TopicOptions>): Record<string, TopicOptions> {
  if (TopicApplyError.isInstance(error)) {
    const left = error.failures.filter((failure) => failure.error.retryable);
    return Object.fromEntries(left.map(({ topic }) => [topic, configs[topic] ?? {}]));
  }
  return EbusError.isInstance(error) && error.retryable ? configs : {};
}
