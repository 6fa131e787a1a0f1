/** The options of `bus.deadLetters`, and their checks. */
import { abortSignal, filledText, flag, func, kind, positiveInteger } from '../util/option-kinds.js';
import { optionTable } from '../util/options.js';
import { CRITERIA, type LetterCriteria } from './letter-criteria.js';
import type { RedriveOptions } from './redrive.js';

/** Which dead letters to list, how many, and from where. */
export interface ListOptions extends LetterCriteria {
  /** At most so many. Default 100. */
  limit?: number;
  /** Where the topic's dead letters are, if not in the configured place. */
  deadLetterTopic?: string;
  signal?: AbortSignal;
}

/** How to delete a letter. */
export interface DeleteOptions {
  /** Only says whether it is there. Default false. */
  dryRun?: boolean;
  /** Where the topic's dead letters are, if not in the configured place. */
  deadLetterTopic?: string;
  signal?: AbortSignal;
}

/** How to park the key of a letter. */
export type ParkOptions = Omit<DeleteOptions, 'dryRun'>;

/** The options of `park`, as they are checked. */
export const PARK_OPTIONS = optionTable<ParkOptions>({
  deadLetterTopic: filledText,
  signal: abortSignal,
});

/** The options of `list` and `keys`, as they are checked. */
export const LIST_OPTIONS = optionTable<ListOptions>({
  ...CRITERIA,
  limit: positiveInteger,
  deadLetterTopic: filledText,
  signal: abortSignal,
});

/** The options of `delete`, as they are checked. */
export const DELETE_OPTIONS = optionTable<DeleteOptions>({
  dryRun: flag,
  deadLetterTopic: filledText,
  signal: abortSignal,
});

const topicNames = kind(
  'a list of topic names',
  (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
  "['shop.orders']",
);

/** The options of `redrive`, as they are checked. */
export const REDRIVE_OPTIONS = optionTable<RedriveOptions>({
  ...CRITERIA,
  filter: func,
  limit: positiveInteger,
  dryRun: flag,
  deadLetterTopic: filledText,
  to: topicNames,
  signal: abortSignal,
  onProgress: func,
});
