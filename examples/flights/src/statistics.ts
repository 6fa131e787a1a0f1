/** What the demo learns from the events: figures per airport, all integers, and whether events came in order. */
import type { Flight } from './flights.js';

export interface AirportStatistics {
  flights: number;
  /** Sum of all delays in minutes. */
  delay: number;
  /** Sum of all distances in miles. */
  distance: number;
  /** The worst delay in minutes. */
  worstDelay: number;
}

/** By airport of departure. */
export type FlightStatistics = Map<string, AirportStatistics>;

export function addFlight(statistics: FlightStatistics, flight: Flight): void {
  const airport = statistics.get(flight.origin);
  if (airport === undefined) {
    const { delay, distance } = flight;
    statistics.set(flight.origin, { flights: 1, delay, distance, worstDelay: delay });
    return;
  }
  airport.flights += 1;
  airport.delay += flight.delay;
  airport.distance += flight.distance;
  airport.worstDelay = Math.max(airport.worstDelay, flight.delay);
}

/** The same figures without any bus, to compare with. */
export function statisticsOf(flights: Iterable<Flight>): FlightStatistics {
  const statistics: FlightStatistics = new Map();
  for (const flight of flights) addFlight(statistics, flight);
  return statistics;
}

/** The airports whose figures are not exactly equal, with both. Empty when all are. */
export function differences(actual: FlightStatistics, expected: FlightStatistics): string[] {
  const airports = [...new Set([...actual.keys(), ...expected.keys()])].sort();
  return airports.flatMap((airport) => {
    const got = JSON.stringify(actual.get(airport) ?? null);
    const wanted = JSON.stringify(expected.get(airport) ?? null);
    return got === wanted ? [] : [`${airport}: expected ${wanted}, got ${got}`];
  });
}

/** Watches that the events of every airport come as they were numbered: 1, 2, 3, …, none missing, none twice. */
export class OrderCheck {
  readonly #last = new Map<string, number>();
  violations = 0;

  /** To be called at every attempt: a first attempt must follow its predecessor, another one repeat the last. */
  see(airport: string, version: number, attempt: number): void {
    const last = this.#last.get(airport) ?? 0;
    if (version !== (attempt === 1 ? last + 1 : last)) this.violations += 1;
    this.#last.set(airport, version);
  }
}
