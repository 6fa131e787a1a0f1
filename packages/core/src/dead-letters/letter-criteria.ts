/** Which dead letters a call is about. */
import type { IncomingMessage } from '../driver/message.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import { idsOf } from '../pipeline/message-ids.js';
import { filledText, kind } from '../util/option-kinds.js';
import type { DeadLetter } from './dead-letter.js';

/** All that are given have to fit. */
export interface LetterCriteria {
  /** The message's key; of a parked letter the key that is parked. */
  key?: string;
  /** The group that failed. */
  group?: string;
  /** `HANDLER_FAILED`, `PROCESSING_TIMEOUT`, …; `PARKED` for messages that wait behind a failed one. */
  errorCode?: string;
  /** The type of the event, by its header or its body. */
  eventType?: string;
  /** The aggregate of the event, by its header or its body. */
  aggregateId?: string;
  /** Failed at that time or later. */
  failedAfter?: Date;
  /** Failed before that time. */
  failedBefore?: Date;
}

const date = kind(
  'a valid Date',
  (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  "new Date('2026-01-01')",
);

/** The options of the criteria, as they are checked. */
export const CRITERIA = {
  key: filledText,
  group: filledText,
  errorCode: filledText,
  eventType: filledText,
  aggregateId: filledText,
  failedAfter: date,
  failedBefore: date,
} as const;

/** Whether a letter fits. A letter that does not say when it failed fits no time. */
export function criteriaOf(
  criteria: LetterCriteria,
  codec: EnvelopeCodec,
): (letter: DeadLetter, incoming: IncomingMessage) => boolean {
  const { key, group, errorCode, eventType, aggregateId, failedAfter, failedBefore } = criteria;
  const needsIds = eventType !== undefined || aggregateId !== undefined;
  return (letter, incoming) => {
    if (key !== undefined && (letter.parkedKey ?? letter.message.key) !== key) return false;
    if (group !== undefined && letter.group !== group) return false;
    if (errorCode !== undefined && letter.errorCode !== errorCode) return false;
    const failedAt = letter.failedAt?.getTime() ?? Number.NaN;
    if (failedAfter !== undefined && !(failedAt >= failedAfter.getTime())) return false;
    if (failedBefore !== undefined && !(failedAt < failedBefore.getTime())) return false;
    if (!needsIds) return true;
    const ids = eventIdsOf(incoming, codec);
    return (
      (eventType === undefined || ids.eventType === eventType) &&
      (aggregateId === undefined || ids.aggregateId === aggregateId)
    );
  };
}

function eventIdsOf(incoming: IncomingMessage, codec: EnvelopeCodec) {
  const ids = idsOf(incoming, undefined);
  if (ids.eventType !== undefined && ids.aggregateId !== undefined) return ids;
  try {
    return idsOf(incoming, codec.decode(incoming.value));
  } catch {
    return ids;
  }
}
