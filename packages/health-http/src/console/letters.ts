/** Pages of dead letters, and one of them. Letters are read one by one: only those of the page are kept. */
import type { DeadLetter, LetterCriteria } from '@ebus/core';
import type { Mask } from './mask.js';
import type { ConsoleSource } from './snapshot.js';
import type { LetterDetails, LettersPage, LetterView } from './types.js';
import { letterDetails, letterView, placeOf } from './views.js';

/** Letters of a page. */
export const PAGE_SIZE = 50;
/** Further letters are not counted. */
const MOST_COUNTED = 100_000;

/** Page `page` (0: the oldest) of those that fit. A page behind the last one is empty. */
export async function lettersPage(
  bus: ConsoleSource,
  { topic, page, criteria }: { topic: string; page: number; criteria: LetterCriteria },
  mask: Mask | undefined,
  signal: AbortSignal,
): Promise<LettersPage> {
  const letters: LetterView[] = [];
  let total = 0;
  for await (const letter of bus.deadLetters.browse(topic, {
    ...criteria,
    limit: MOST_COUNTED + 1,
    signal,
  })) {
    if (Math.floor(total / PAGE_SIZE) === page) letters.push(letterView(letter, mask));
    total++;
  }
  const isMore = total > MOST_COUNTED;
  return { topic, letters, page, total: Math.min(total, MOST_COUNTED), isMore, size: PAGE_SIZE };
}

/** One letter wholly; undefined where it is gone. */
export async function oneLetter(
  bus: ConsoleSource,
  topic: string,
  position: string,
  mask: Mask | undefined,
  signal: AbortSignal,
): Promise<LetterDetails | undefined> {
  const letter = await letterAt(bus, topic, position, signal);
  return letter === undefined ? undefined : letterDetails(letter, mask);
}

/** The letter at that position, as `formatPosition` writes it. */
export async function letterAt(
  bus: ConsoleSource,
  topic: string,
  position: string,
  signal: AbortSignal,
): Promise<DeadLetter | undefined> {
  for await (const letter of bus.deadLetters.browse(topic, { signal })) {
    if (placeOf(letter.message) === position) return letter;
  }
  return undefined;
}
