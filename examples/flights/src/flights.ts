/** The data: 20,000 real flights within the United States in early 2001, from the npm package vega-datasets. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** One record, as it stands in the file. */
export interface Flight {
  /** Local time of departure, `2001/01/31 17:05`. */
  readonly date: string;
  /** Minutes late; negative when the flight left early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  /** Airport codes, `DFW`. */
  readonly origin: string;
  readonly destination: string;
}

export const FLIGHTS_IN_FILE = 20_000;

/** Reads the file, in the order in which it is: by date. */
export async function loadFlights(): Promise<Flight[]> {
  const packageEntry = createRequire(import.meta.url).resolve('vega-datasets');
  const file = join(dirname(packageEntry), '../data/flights-20k.json');
  return JSON.parse(await readFile(file, 'utf8')) as Flight[];
}

/** The departure as a point in time. The file names no time zone; its local times are read as UTC. */
export function departureTime(flight: Flight): Date {
  return new Date(`${flight.date.replaceAll('/', '-').replace(' ', 'T')}:00Z`);
}
