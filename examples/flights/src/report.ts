/** What the demo says before and after: its plan, a table of airports, the counts, and every check that failed. */
import { FAILING_EVENTS, POISONOUS_EVENTS } from './events.js';
import { FLIGHTS_IN_FILE } from './flights.js';
import { differences, type FlightStatistics } from './statistics.js';

/** What is going to happen on which transport; `work` in milliseconds. */
export function introduction(plan: { on: string; work: number; maxRetries: number }): string {
  const { on, work, maxRetries } = plan;
  const lines = [
    `ebus flights demo, on ${on}`,
    '',
    `${count(FLIGHTS_IN_FILE)} flights of early 2001 become events, handled in order per airport.`,
    'Besides them, the demo publishes events of its own that are made to fail:',
    `  ${FAILING_EVENTS} fail twice, then succeed: retried in place, while their airport waits`,
    `  ${POISONOUS_EVENTS} never succeed: dead-lettered after ${maxRetries + 1} attempts`,
  ];
  if (work > 0) {
    const serial = Math.round((FLIGHTS_IN_FILE * work) / 1000);
    lines.push(
      `A handler waits ${work} ms, as for a database: ${serial} s if events were handled one by one.`,
    );
  }
  return lines.join('\n');
}

/** What happened. */
export interface Outcome {
  readonly statistics: FlightStatistics;
  readonly published: number;
  readonly handled: number;
  readonly retried: number;
  /** Read back from the dead-letter topic. */
  readonly deadLettered: number;
  readonly orderViolations: number;
  /** From the first publish to the last event settled. */
  readonly seconds: number;
}

type Counts = Pick<Outcome, 'published' | 'handled' | 'retried' | 'deadLettered' | 'orderViolations'>;

/** What must have happened, event for event; `maxRetries` is the subscription's. */
export function expectedCounts(maxRetries: number): Counts {
  return {
    published: FLIGHTS_IN_FILE + FAILING_EVENTS + POISONOUS_EVENTS,
    handled: FLIGHTS_IN_FILE + FAILING_EVENTS,
    retried: FAILING_EVENTS * 2 + POISONOUS_EVENTS * maxRetries,
    deadLettered: POISONOUS_EVENTS,
    orderViolations: 0,
  };
}

/** One line for everything that is not as it must be. */
export function problems(outcome: Outcome, expected: Counts, statistics: FlightStatistics): string[] {
  const counts = (Object.keys(expected) as (keyof Counts)[]).flatMap((name) =>
    outcome[name] === expected[name] ? [] : [`${name}: expected ${expected[name]}, got ${outcome[name]}`],
  );
  return [...counts, ...differences(outcome.statistics, statistics)];
}

/** The airports with the most flights. */
export function airportTable(statistics: FlightStatistics, rows = 10): string {
  const busiest = [...statistics].sort(([, a], [, b]) => b.flights - a.flights).slice(0, rows);
  return table(
    ['airport', 'flights', 'mean delay', 'worst delay', 'mean distance'],
    busiest.map(([airport, { flights, delay, worstDelay, distance }]) => [
      airport,
      count(flights),
      `${(delay / flights).toFixed(1)} min`,
      `${count(worstDelay)} min`,
      `${count(Math.round(distance / flights))} mi`,
    ]),
  );
}

export function countsTable(outcome: Outcome): string {
  const perSecond = Math.round((outcome.handled + outcome.deadLettered) / outcome.seconds);
  return table(
    ['events', '', ''],
    [
      [
        'published',
        count(outcome.published),
        `${count(FLIGHTS_IN_FILE)} flights of the file, the rest made to fail`,
      ],
      ['handled', count(outcome.handled), `${FAILING_EVENTS} of them at the third attempt`],
      ['retried', count(outcome.retried), 'attempts after a first one'],
      ['dead-lettered', count(outcome.deadLettered), 'read back from the dead-letter topic'],
      ['order violations', count(outcome.orderViolations), 'the versions of every airport were checked'],
      ['per second', count(perSecond), `${outcome.seconds.toFixed(2)} s in all, waits and retries included`],
    ],
  );
}

/** Plain columns: numbers to the right, the first column and a column of prose to the left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const numeric = head.map((_, column) => rows.every((row) => /^-?[\d,.]+( \w+)?$/.test(row[column] ?? '')));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, numeric[column] ?? false)).join('   ')}`.trimEnd();
  return [line(head), `  ${widths.map((width) => '-'.repeat(width)).join('   ')}`, ...rows.map(line)].join(
    '\n',
  );
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
