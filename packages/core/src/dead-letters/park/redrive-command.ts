/**
 * A message by which whoever handles a parked key is asked to hand its letters back. It comes over the topic itself, as a copy of
 * the key's newest letter: so it reaches the member that has the key, in order, and means nothing new to other readers.
 */
import type { IncomingMessage } from '../../driver/message.js';
import { findHeader, type HeaderList, headerText } from '../../headers.js';
import { REDRIVE_GROUP_HEADER } from '../../reserved-headers.js';
import { withoutDeadLetterHeaders } from '../format.js';

/** The header's name. */
export const REDRIVE_HEADER = 'X-Ebus-Redrive';
const MAX_LENGTH = 64 * 1024;

/** Which key to redrive. */
export interface RedriveCommand {
  readonly key: string;
  /** Ends the redrive's last note, so that the caller knows its outcome. */
  readonly id: string;
}

/** The headers of a command, made of those of a letter. */
export function commandHeaders(letter: HeaderList, group: string, command: RedriveCommand): HeaderList {
  return [
    ...withoutDeadLetterHeaders(letter),
    [REDRIVE_GROUP_HEADER, group],
    [REDRIVE_HEADER, JSON.stringify(command)],
  ];
}

/** The command that a message carries; undefined where it is a plain message, or cannot be read. */
export function redriveCommandOf({ headers }: Pick<IncomingMessage, 'headers'>): RedriveCommand | undefined {
  const value = findHeader(headers, REDRIVE_HEADER);
  if (value === undefined || value.length > MAX_LENGTH) return undefined;
  try {
    const { id, key } = JSON.parse(headerText(value)) as Record<string, unknown>;
    return typeof id === 'string' && typeof key === 'string' ? { id, key } : undefined;
  } catch {
    return undefined;
  }
}
