/** Finds the messages that may be unsettled elsewhere among those after the group's position. */
import type { IncomingMessage, OffsetValue } from '../driver/message.js';
import { compareOffsets } from '../driver/offsets.js';
import type { Candidate } from './leased-order.js';

/** More than these are not told apart. */
const MOST = 10_000;

/** Options of `candidatesIn`. */
export interface CandidateOptions {
  /** The newest offset that the group was given. */
  readonly through: OffsetValue;
  /** How many messages are unsettled elsewhere at least, once all are read: some come meanwhile. */
  missing(): number;
  /** The lane of a message. */
  keyOf(message: IncomingMessage): string;
  isHere(message: IncomingMessage): boolean;
}

/**
 * All messages through that offset that are not here, in the order of the log. Undefined where they cannot be told: there are too
 * many, one has no position, or some are out of sight. Rejects as `messages` does.
 */
export async function candidatesIn(
  messages: AsyncIterable<IncomingMessage>,
  { through, missing, keyOf, isHere }: CandidateOptions,
): Promise<Candidate[] | undefined> {
  const found: Candidate[] = [];
  for await (const message of messages) {
    const { position } = message;
    if (position === undefined || found.length >= MOST) return undefined;
    if (compareOffsets(position.offset, through) > 0) break;
    if (!isHere(message)) found.push({ offset: position.offset, key: keyOf(message) });
  }
  return found.length < missing() ? undefined : found;
}
