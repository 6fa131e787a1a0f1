/** Applying the configured topics: what may pass is tried again. */
import type { Clock } from '../clock.js';
import { EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import { TopicApplyError } from '../topics/apply-error.js';
import type { TopicManager, TopicOptions } from '../topics/types.js';
import type { BackoffOptions } from '../util/backoff.js';
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
 * a failure that no time mends fails at once.
 *
 * @throws what `topics.apply` threw last
 */
export async function applyEagerly(options: ApplyOptions, timeoutMs: number): Promise<void> {
  const { clock, closing } = options;
  const deadline = clock.monotonic() + timeoutMs;
  await applyAgain(options, EAGER_BACKOFF, (error, { never }) => {
    if (never || closing.aborted || clock.monotonic() >= deadline) throw error;
    return false;
  });
}

/**
 * For a bus that connected in the background. A failure that no time mends is logged once. The state of the connection is another
 * matter: topics that were not applied keep nobody from publishing. Never rejects.
 */
export async function applyLazily(options: ApplyOptions): Promise<void> {
  const { logger, closing } = options;
  if (closing.aborted) return;
  await applyAgain(options, LAZY_BACKOFF, (err, { later }) => {
    if (closing.aborted) return true;
    if (Object.keys(later).length > 0) return false;
    logger.error({ err }, 'the configured topics were not applied; call topics.apply() once that is mended');
    return true;
  });
}

/** Until all are applied, or `givesUp` says so. */
async function applyAgain(
  { topics, configs: all, clock, logger, closing }: ApplyOptions,
  backoff: BackoffOptions,
  givesUp: (error: unknown, left: Failed) => boolean,
): Promise<void> {
  let configs = all;
  for (let attempt = 1; ; attempt++) {
    try {
      return void (await topics.apply(configs));
    } catch (err) {
      const left = sorted(err, configs);
      if (givesUp(err, left)) return;
      configs = left.later;
      logger.warn({ err, attempt }, 'the configured topics were not applied; trying again');
      await backOff(clock, backoff, attempt, closing);
      if (closing.aborted && givesUp(err, left)) return;
    }
  }
}

interface Failed {
  readonly later: Configs;
  readonly never: boolean;
}

/** Which may succeed later, and whether there are others that cannot. */
function sorted(error: unknown, configs: Configs): Failed {
  if (TopicApplyError.isInstance(error)) {
    const left = error.failures.filter((failure) => failure.error.retryable);
    const later = Object.fromEntries(left.map(({ topic }) => [topic, configs[topic] ?? {}]));
    return { later, never: left.length < error.failures.length };
  }
  const isPassing = EbusError.isInstance(error) && error.retryable;
  return { later: isPassing ? configs : {}, never: !isPassing };
}
