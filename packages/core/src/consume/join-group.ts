/**
 * Joining a group: attempts with numbers, repeated while that may help; a consumer that arrives too late is closed
 * again.
 */
import type { Clock } from '../clock.js';
import { classOf } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import type { DriverSubscription, SubscriptionSpec } from '../driver/subscription.js';
import { abortError } from '../errors.js';
import type { Logger } from '../logger.js';
import { backOff, heeding } from '../util/waiting.js';

import type { Consumer } from './consumer.js';

const RETRY = { base: 100, max: 2_000 };
const LEAVE_TIMEOUT_MS = 5_000;

interface JoinGroupOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spec: SubscriptionSpec;
  /** One for each attempt: late pushes of an earlier attempt must not reach the present one. */
  make(): Consumer;
  readonly signal: AbortSignal;
  /** Whether to try again where the broker does not have the topic: whoever knows better looks for it first. */
  readonly triesMissing: boolean;
}

/**
 * A consumer in position, that does not fetch yet. Tries again while the signal permits it and the error may pass.
 * @throws the last error, as the driver gave it; EbusError `ABORTED` where none came before the signal aborted
 */
export async function joinGroup(options: JoinGroupOptions): Promise<Consumer> {
  const { driver, clock, logger, spec, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await join(options, attempt);
    } catch (error) {
      if (signal.aborted || !mayPass(driver, error, options.triesMissing)) throw error;
      const { topic, group } = spec;
      logger.debug({ err: error, topic, group, attempt }, 'subscribing failed; trying again');
      await backOff(clock, RETRY, attempt, signal);
      if (signal.aborted) throw error;
    }
  }
}

async function join({ driver, clock, spec, make, signal, logger }: JoinGroupOptions, attempt: number) {
  const consumer = make();
  const joining = (async () => driver.subscribe(spec, consumer.sink, { signal, attempt }))();
  const joined = await heeding(joining, signal, clock, () => {
    joining.then(
      (late) => leave(late, clock, logger, spec),
      () => {},
    );
    throw abortError(signal, `subscribing to '${spec.topic}'`);
  });
  consumer.attach(joined);
  return consumer;
}

function leave(
  late: DriverSubscription,
  clock: Clock,
  logger: Logger,
  { topic, group }: SubscriptionSpec,
): void {
  late.close({ signal: clock.timeout(LEAVE_TIMEOUT_MS) }).catch((err: unknown) => {
    logger.warn({ err, topic, group }, 'a subscription that came too late could not leave its group');
  });
}

/** Without a connection the caller is told at once, and decides for itself. */
function mayPass(driver: Driver, error: unknown, triesMissing: boolean): boolean {
  const { code, retryable } = classOf(driver, error);
  if (code === 'TOPIC_NOT_FOUND' && !triesMissing) return false;
  return retryable && code !== 'CONNECTION_FAILED';
}
