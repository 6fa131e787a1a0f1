/** The data: 20,000 real flights within the United States in early 2001. `data/README.md` names the source. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

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
  const compressed = await readFile(new URL('../data/flights-20k.json.br', import.meta.url));
  const json = await promisify(brotliDecompress)(compressed);
  return JSON.parse(json.toString('utf8')) as Flight[];
}

/** The departure as a point in time. The file names no time zone; its local times are read as UTC. */
export function departureTime(flight: Flight): Date {
  return new Date(`${flight.date.replaceAll('/', '-').replace(' ', 'T')}:00Z`);
}
