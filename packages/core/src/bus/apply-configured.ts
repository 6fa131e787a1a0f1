/** Applying the configured topics: what may pass is tried again. */
import type { Clock } from '../clock.js';
import { EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import { TopicApplyError } from '../topics/apply-error.js';
import type { TopicManager, TopicOptions } from '../topics/types.js';
import { backOff } from '../util/waiting.js';

const EAGER_BACKOFF = { base: 200, max: 2_000 };
const LAZY_BACKOFF = { base: 1_000, max: 30_000 };

type Configs = Readonly<Record<string, TopicOptions>>;

/** Topics to apply, and the signal that ends trying. */
export interface ApplyOptions {
  readonly topics: Pick<TopicManager, 'apply'>;
  readonly configs: Configs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the trying. */
  readonly closing: AbortSignal;
}

/**
 * For a bus that its creator waits for. A broker that elects a leader just now is asked again for so many milliseconds;
 * other errors fail at once.
 *
 * @throws the last error of `topics.apply`
 */
export async function applyEagerly(options: ApplyOptions, timeoutMs: number): Promise<void> {
  const { topics, clock, logger, closing } = options;
  const deadline = clock.monotonic() + timeoutMs;
  let { configs } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return void (await topics.apply(configs));
    } catch (err) {
      const { later, never } = sorted(err, configs);
      if (never || closing.aborted || clock.monotonic() >= deadline) throw err;
      configs = later;
      logger.warn({ err, attempt }, 'the configured topics were not applied; trying again');
      await backOff(clock, EAGER_BACKOFF, attempt, closing);
    }
  }
}

/**
 * For a bus that connected in the background. Permanent errors are logged once. The state of the connection is another
 * matter: topics that were not applied keep no publish from being sent. Never rejects.
 */
export async function applyLazily(options: ApplyOptions): Promise<void> {
  const { topics, clock, logger, closing } = options;
  let { configs } = options;
  for (let attempt = 1; !closing.aborted; attempt++) {
    try {
      return void (await topics.apply(configs));
    } catch (err) {
      if (closing.aborted) return;
      configs = sorted(err, configs).later;
      if (Object.keys(configs).length === 0) {
        logger.error(
          { err },
          'the configured topics were not applied; call topics.apply() once that is mended',
        );
        return;
      }
      logger.warn({ err, attempt }, 'the configured topics were not applied; trying again');
      await backOff(clock, LAZY_BACKOFF, attempt, closing);
    }
  }
}

/** Which may succeed later, and whether there are others that cannot. */
function sorted(error: unknown, configs: Configs): { later: Configs; never: boolean } {
  if (TopicApplyError.isInstance(error)) {
    const left = error.failures.filter((failure) => failure.error.retryable);
    const later = Object.fromEntries(left.map(({ topic }) => [topic, configs[topic] ?? {}]));
    return { later, never: left.length < error.failures.length };
  }
  const isPassing = EbusError.isInstance(error) && error.retryable;
  return { later: isPassing ? configs : {}, never: !isPassing };
}
