/**
 * The flights demo: 20,000 flights published as domain events and handled in order per airport.
 *
 * Read it from top to bottom to see what an application does with ebus: create a bus, subscribe, publish, close. The
 * transport is the caller's: nothing below knows which it is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventBus, type Envelope, type HandlerContext } from '@ebus/core';
import type { Arguments } from './arguments.js';
import {
  DEAD_LETTER_TOPIC,
  FAILS_TWICE,
  FLIGHT_DEPARTED,
  flightEvents,
  NEVER_WORKS,
  TOPIC,
} from './events.js';
import { type Flight, loadFlights } from './flights.js';
import { logger } from './logger.js';
import { showProgress } from './progress.js';
import { airportTable, countsTable, expectedCounts, introduction, problems } from './report.js';
import { addFlight, type FlightStatistics, OrderCheck, statisticsOf } from './statistics.js';
import type { Transport } from './transport.js';

const MAX_RETRIES = 3;
/** Without any event handled for so long, something was lost, and the counts will say what. */
const STALLED_AFTER_MS = 15_000;

/** Runs all of it, prints what happened, and resolves with whether every count is right. */
export async function demo({ work }: Arguments, { config, plugins, on }: Transport): Promise<boolean> {
  const flights = await loadFlights();
  const expected = expectedCounts(MAX_RETRIES);
  console.log(`${introduction({ on, work, maxRetries: MAX_RETRIES })}\n`);

  // 1. Create a bus. The topics that it declares are created where they are missing. A configuration file may say more.
  const topics = { [TOPIC]: { retention: '1d' }, [DEAD_LETTER_TOPIC]: { retention: '30d' } } as const;
  const bus = await createEventBus({ serviceName: 'flights-demo', topics, ...config }, { plugins, logger });

  // 2. Consume. Events of one airport are handled one at a time, in order; airports do not wait for each other.
  const statistics: FlightStatistics = new Map();
  const order = new OrderCheck();
  const handle = async (event: Envelope<Flight>, { attempt }: HandlerContext): Promise<void> => {
    order.see(event.aggregateId, event.eventVersion, attempt);
    if (work > 0) await sleep(work);
    if (event.eventType === NEVER_WORKS) throw new Error('made to fail, always');
    if (event.eventType === FAILS_TWICE && attempt <= 2) throw new Error(`made to fail, attempt ${attempt}`);
    if (event.eventType === FLIGHT_DEPARTED) addFlight(statistics, event.payload);
  };
  const subscription = await bus.subscribeEnvelope<Flight>(TOPIC, handle, {
    maxRetries: MAX_RETRIES,
    retryBackoff: { base: '50ms', max: '200ms' },
  });

  // 3. What fails for good goes to the dead-letter topic; like any topic it can be read.
  let deadLettered = 0;
  await bus.subscribe(DEAD_LETTER_TOPIC, () => {
    deadLettered += 1;
  });

  // 4. Publish. `publishEnvelopes` keeps many publishes going at once and resolves when all are acknowledged.
  let published = 0;
  bus.on('published', ({ topic }) => {
    if (topic === TOPIC) published += 1; // dead letters are published too
  });
  const now = () => {
    const { handled, retried } = subscription.stats();
    return { total: expected.published, published, handled, retried, deadLettered };
  };
  const hideProgress = showProgress(process.stdout, now);
  const begin = performance.now();
  const report = await bus.publishEnvelopes(TOPIC, flightEvents(flights));
  await settled(() => now().handled + deadLettered, expected.handled + expected.deadLettered);
  const seconds = (performance.now() - begin) / 1000;
  hideProgress();

  // 5. Close: nothing is cut short, and the process ends by itself because nothing is left running.
  const { handled, retried } = subscription.stats();
  await bus.close();

  const outcome = {
    statistics,
    published: report.published,
    handled,
    retried,
    deadLettered,
    orderViolations: order.violations,
    seconds,
  };
  console.log(`\n${airportTable(statistics)}\n\n${countsTable(outcome)}\n`);
  const wrong = problems(outcome, expected, statisticsOf(flights));
  for (const problem of wrong) console.error(`WRONG  ${problem}`);
  if (wrong.length === 0) {
    console.log(
      `All counts are right, and the figures of ${statistics.size} airports equal those of the file.`,
    );
  }
  return wrong.length === 0;
}

/** Waits until as many events are done as should be, or until nothing happens any more. */
async function settled(done: () => number, expected: number): Promise<void> {
  let last = { count: done(), at: performance.now() };
  while (last.count < expected && performance.now() - last.at < STALLED_AFTER_MS) {
    await sleep(5);
    if (done() !== last.count) last = { count: done(), at: performance.now() };
  }
}
