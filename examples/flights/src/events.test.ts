import { beforeAll, describe, expect, it } from 'vitest';
import { FAILS_TWICE, FLIGHT_DEPARTED, flightEvents, NEVER_WORKS } from './events.js';
import { departureTime, FLIGHTS_IN_FILE, type Flight, loadFlights } from './flights.js';

describe('flightEvents', () => {
  let flights: Flight[];
  beforeAll(async () => {
    flights = await loadFlights();
  });

  it('makes one event of every flight of the file, and eight of its own', () => {
    expect(flights).toHaveLength(FLIGHTS_IN_FILE);
    const events = [...flightEvents(flights)];
    const ofType = (type: string) => events.filter((event) => event.eventType === type);
    expect(ofType(FLIGHT_DEPARTED).map((event) => event.payload)).toEqual(flights);
    expect(ofType(FAILS_TWICE)).toHaveLength(5);
    expect(ofType(NEVER_WORKS)).toHaveLength(3);
    expect(events).toHaveLength(FLIGHTS_IN_FILE + 8);
  });

  it('numbers the events of every airport 1, 2, 3, … without a gap', () => {
    const last = new Map<string, number>();
    for (const { aggregateId, eventVersion } of flightEvents(flights)) {
      expect(eventVersion).toBe((last.get(aggregateId) ?? 0) + 1);
      last.set(aggregateId, eventVersion);
    }
    expect(last.size).toBe(220);
  });

  it('has a later flight at the airport of every event made to fail', () => {
    const last = new Map<string, string>();
    for (const { aggregateId, eventType } of flightEvents(flights)) last.set(aggregateId, eventType);
    expect(new Set(last.values())).toEqual(new Set([FLIGHT_DEPARTED]));
  });
});

describe('departureTime', () => {
  it('reads the time of the file as UTC', () => {
    const [date, rest] = ['2001/03/31 22:27', { delay: 0, distance: 83, origin: 'CLT', destination: 'GSO' }];
    expect(departureTime({ date, ...rest }).toISOString()).toBe('2001-03-31T22:27:00.000Z');
  });
});
