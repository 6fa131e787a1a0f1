/** The events: every flight of the file as a domain event, and between them a few events made to fail. */
import { createEnvelope, type Envelope } from '@ebus/core';
import { departureTime, type Flight } from './flights.js';

export const TOPIC = 'flights.departed';
/** Where ebus puts what could not be handled, unless told otherwise. */
export const DEAD_LETTER_TOPIC = `${TOPIC}.dlq`;

/** A real record of the file. */
export const FLIGHT_DEPARTED = 'FlightDeparted';
/** The demo's own: its handler fails on the first two attempts. */
export const FAILS_TWICE = 'DemoFailsTwice';
/** The demo's own: its handler never succeeds. */
export const NEVER_WORKS = 'DemoNeverWorks';

/** The demo's own events, in the order in which they are mixed in. */
const TROUBLE = [
  FAILS_TWICE,
  NEVER_WORKS,
  FAILS_TWICE,
  FAILS_TWICE,
  NEVER_WORKS,
  FAILS_TWICE,
  NEVER_WORKS,
  FAILS_TWICE,
];
export const FAILING_EVENTS = TROUBLE.filter((type) => type === FAILS_TWICE).length;
export const POISONOUS_EVENTS = TROUBLE.filter((type) => type === NEVER_WORKS).length;

/**
 * One event a flight; the aggregate is the airport of departure, and its events are numbered 1, 2, 3, … The events made
 * to fail are spread evenly. Each belongs to the airport of the flight before it and takes a number there, so that
 * later flights of that airport have to wait for it.
 */
export function* flightEvents(flights: readonly Flight[]): Generator<Envelope<Flight>> {
  const versions = new Map<string, number>();
  const event = (eventType: string, flight: Flight): Envelope<Flight> => {
    const version = (versions.get(flight.origin) ?? 0) + 1;
    versions.set(flight.origin, version);
    return createEnvelope({
      aggregateId: flight.origin,
      eventType,
      eventVersion: version,
      timestamp: departureTime(flight),
      payload: flight,
    });
  };

  const between = Math.floor(flights.length / (TROUBLE.length + 1));
  for (const [index, flight] of flights.entries()) {
    yield event(FLIGHT_DEPARTED, flight);
    const trouble = (index + 1) % between === 0 ? TROUBLE[(index + 1) / between - 1] : undefined;
    if (trouble !== undefined) yield event(trouble, flight);
  }
}
