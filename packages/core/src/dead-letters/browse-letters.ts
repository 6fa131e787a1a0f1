/** Dead letters one by one, without holding them. */
import type { Driver } from '../driver/driver.js';
import type { IncomingMessage } from '../driver/message.js';
import { type DeadLetter, readDeadLetter } from './dead-letter.js';
import { REDRIVE_GROUP } from './dead-letter-reader.js';
import { parkNoteOf } from './park/park-note.js';
import type { ParkedActions } from './park/parked-actions.js';
import type { Place } from './places.js';

type Fits = (letter: DeadLetter, incoming: IncomingMessage) => boolean;

/**
 * Oldest first within each partition; letters of parked keys come last. Takes nothing. Undefined where the transport cannot browse.
 */
export function browseLetters(
  driver: Driver,
  place: Place,
  fits: Fits,
  limit: number,
  parked: ParkedActions,
): AsyncGenerator<DeadLetter, undefined> | undefined {
  if (driver.browse === undefined) return undefined;
  const spec = { topic: place.deadLetterTopic, from: { group: REDRIVE_GROUP } };
  return upTo(
    limit,
    others(driver.browse(spec, { signal: place.signal }), fits),
    parked.letters(place, fits),
  );
}

async function* others(all: AsyncIterable<IncomingMessage>, fits: Fits): AsyncGenerator<DeadLetter> {
  for await (const incoming of all) {
    if (parkNoteOf(incoming) !== undefined) continue;
    const letter = readDeadLetter(incoming);
    if (fits(letter, incoming)) yield letter;
  }
}

async function* upTo<T>(limit: number, ...parts: AsyncIterable<T>[]): AsyncGenerator<T, undefined> {
  let left = limit;
  for (const part of parts)
    for await (const one of part) {
      yield one;
      if (--left <= 0) return;
    }
}
