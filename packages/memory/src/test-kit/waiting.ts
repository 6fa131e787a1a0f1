/** Waiting for what a test expects, in the machine's time; what waits for time is not waited for. */
import type { EventBus } from '@ebus/core';
import {
  type Duration,
  EbusError,
  kinds,
  optionTable,
  parseDuration,
  type SkippableClock,
  systemClock,
} from '@ebus/core/driver';
import type { MemoryBroker } from '../broker.js';
import type { Recorder } from './recorder.js';
import type { SeenMessage } from './seen-message.js';

/** What to wait for, and for how long. */
export interface WaitOptions<M extends SeenMessage = SeenMessage> {
  /** Resolves at so many messages. Default 1. */
  count?: number;
  /** Counts, and returns, only these. */
  where?: (message: M) => boolean;
  /** In the machine's time. Default 2 s. */
  timeout?: Duration;
}

/** How long to wait until all is done. */
export interface IdleOptions {
  /** In the machine's time. Default 2 s. */
  timeout?: Duration;
}

/** The options of waiting, as they are checked. */
export const WAIT_OPTIONS = optionTable<WaitOptions>({
  count: kinds.positiveInteger,
  where: kinds.func,
  timeout: kinds.positiveDuration,
});
/** The options of `idle`, as they are checked. */
export const IDLE_OPTIONS = optionTable<IdleOptions>({ timeout: kinds.positiveDuration });

const DEFAULT_MS = 2_000;
/** A bus that rests in so many looks is not about to go on by itself. */
const RESTING_LOOKS = 3;
const LOOK_AGAIN_MS = 1;

/** What there is to look at while a test waits. */
export interface Surroundings {
  readonly buses: readonly EventBus[];
  readonly broker: MemoryBroker;
  readonly recorder: Recorder;
  readonly clock: SkippableClock;
}

/**
 * Resolves when `done` says so. While no handler runs and something waits for its time (a retry, a rate limit), the clock
 * goes on to the next timer.
 * @throws EbusError `IDLE_TIMEOUT` with `describe()` and what was seen
 */
export async function waitUntil(
  around: Surroundings,
  done: () => boolean,
  timeout: Duration | undefined,
  describe: (ms: number) => string,
): Promise<void> {
  const ms = timeout === undefined ? DEFAULT_MS : parseDuration(timeout);
  const end = systemClock.monotonic() + ms;
  for (let resting = 0; !done(); ) {
    if (systemClock.monotonic() > end) {
      throw new EbusError(`${describe(ms)}; ${around.recorder.summary()}`, {
        code: 'IDLE_TIMEOUT',
        retryable: true,
      });
    }
    resting = isResting(around) ? resting + 1 : 0;
    if (resting >= RESTING_LOOKS) around.clock.skipToNext();
    await lookAgain(resting);
  }
}

/** All messages are handled and all publishes acknowledged, on every bus. */
export function isDone({ buses, broker }: Surroundings): boolean {
  return buses.every((bus) => bus.metrics().messageBacklog === 0) && unsettled(broker).length === 0;
}

/** Who still has something to do, in words. */
export function busyOf({ buses, broker }: Surroundings): string {
  const groups = unsettled(broker).map(
    ({ topic, group, count }) => `${count} messages of '${topic}' are unsettled in group '${group}'`,
  );
  const others = buses.filter((bus) => bus.metrics().messageBacklog > 0).map((bus) => bus.serviceName);
  return groups.length > 0 ? groups.join(', ') : `busy: ${others.join(', ')}`;
}

function unsettled(broker: MemoryBroker): { topic: string; group: string; count: number }[] {
  return broker
    .topics()
    .flatMap(({ name: topic, groups }) =>
      groups
        .filter(({ members, unsettled: count }) => members > 0 && count > 0)
        .map(({ name: group, unsettled: count }) => ({ topic, group, count })),
    );
}

/** Something is to be done, and none of it now. */
function isResting({ buses, recorder }: Surroundings): boolean {
  return recorder.running === 0 && buses.some((bus) => bus.metrics().messageBacklog > 0);
}

/** A turn of the event loop; a short pause while nothing is to be expected at once. */
function lookAgain(resting: number): Promise<void> {
  return new Promise((resolve) => {
    if (resting > 0) systemClock.setImmediate(resolve);
    else systemClock.setTimeout(resolve, LOOK_AGAIN_MS);
  });
}
