/**
 * How a consumer ends: running handlers may finish in time, settlements are confirmed, the rest goes back in log
 * order.
 */
import { EbusError } from '../errors.js';
import type { CloseDeadline } from '../util/close-deadline.js';
import { settledWithin } from '../util/waiting.js';
import type { Intake } from './intake.js';
import type { CloseReport } from './types.js';
import type { Works } from './works.js';

/** How long aborted handlers may take to return before their messages are handed back. */
const ABORT_GRACE_MS = 100;
/** How long the broker may take to end fetching, to confirm the last settlements, and to let the member go. */
const STOP_TIMEOUT_MS = 5_000;
const CONFIRM_TIMEOUT_MS = 5_000;
const LEAVE_TIMEOUT_MS = 5_000;
/** The least time for each step, where the time of the close is used up. */
const LEAST_MS = 500;

/** Waits for running handlers until the deadline, and takes a few seconds more at most. Never rejects for being slow. */
export async function closeConsumer(
  works: Works,
  intake: Intake,
  deadline: CloseDeadline,
): Promise<CloseReport> {
  const { runner, drain, settler, leases, parts, inFlight } = works;
  const { clock, deadLetters, policy } = parts;
  const handledBefore = runner.counters.handled;
  const left = (most: number) => Math.min(most, deadline.left(LEAST_MS));

  works.credit.stop();
  const stopped = stop(works);
  intake.stop();
  cutWaitsShort(works);
  const inTime = await drain.within(deadline.left(), { signal: deadline.passed });
  if (!inTime) {
    const reason = new EbusError(`the subscription to '${policy.topic}' is closing`, { code: 'BUS_CLOSED' });
    for (const delivery of inFlight) runner.abandon(delivery, reason);
    works.revocation.end();
    deadLetters.stop();
    works.redrives?.stop();
    await drain.within(ABORT_GRACE_MS);
  }
  // Also the letters of what was lost meanwhile, which nobody waits for.
  deadLetters.stop();
  works.redrives?.stop();
  if (!(await settledWithin(clock, stopped, left(STOP_TIMEOUT_MS)))) intake.abandon();
  await settledWithin(clock, settler.settled(), left(CONFIRM_TIMEOUT_MS));
  const back = inFlight.takeBack();
  for (const delivery of back) settler.add(delivery);
  await settledWithin(clock, settler.settled(), left(CONFIRM_TIMEOUT_MS));
  intake.abandon();
  leases.stop();
  parts.gauges?.set(0, 0, 0);
  parts.gauges?.setStanding(0, 0);
  runner.close();
  await leave(works, left(LEAVE_TIMEOUT_MS));
  return {
    handled: runner.counters.handled - handledBefore,
    abandoned: back.length,
    unpublished: 0,
    timedOut: !inTime,
  };
}

/** Never rejects. */
async function stop({ driver, parts }: Works): Promise<void> {
  try {
    await driver?.stop();
  } catch (err) {
    const { topic, group } = parts.policy;
    parts.logger.warn({ err, topic, group }, 'the transport could not end fetching');
  }
}

/** Backoff, rate limit, pause and halt end here: those messages stay unsettled. */
function cutWaitsShort({ runner, gate, inFlight, parts, parking, redrives }: Works): void {
  runner.beginClosing();
  parking?.stop();
  redrives?.close();
  gate.shut();
  for (const delivery of inFlight) {
    if (delivery.backoffTimer !== undefined) parts.clock.clearTimeout(delivery.backoffTimer);
    const { state } = delivery;
    if (state !== 'running' && state !== 'dead-lettering' && state !== 'done')
      inFlight.finish(delivery, 'released');
  }
}

/** Not for ever, where the driver does not heed its signal. Never rejects. */
async function leave(works: Works, ms: number): Promise<void> {
  const { driver, parts } = works;
  const { topic, group } = parts.policy;
  const leaving = (async () => driver?.close({ signal: parts.clock.timeout(ms) }))().catch((err: unknown) => {
    parts.logger.warn({ err, topic, group }, 'could not leave the group cleanly');
  });
  await settledWithin(parts.clock, leaving, ms + LEAST_MS);
}
