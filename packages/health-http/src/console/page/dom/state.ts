/** The state of the page. */
import type { LetterDetails, LettersPage, Snapshot } from '../../types.js';

/** The link to the server. */
export type Link = 'connecting' | 'live' | 'lost' | 'denied';

/** Criteria for letters, as they were typed; empty for any. */
export interface Filters {
  key: string;
  group: string;
  errorCode: string;
}

/** The letters that are shown. `selected` holds positions of the shown page alone. */
export interface Letters {
  topic: string | undefined;
  page: number;
  filters: Filters;
  data: LettersPage | undefined;
  isLoading: boolean;
  error: string | undefined;
  readonly selected: Set<string>;
}

/** Something that is asked before it is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly verb: string;
  readonly isGrave: boolean;
  readonly body: object;
}

/** All that the page draws from; it is drawn anew after each change. */
export interface State {
  snapshot: Snapshot | undefined;
  link: Link;
  linkError: string | undefined;
  history: Map<string, number[]>;
  letters: Letters;
  /** The letter that is looked at. */
  open:
    | { topic: string; position: string; data: LetterDetails | undefined; error: string | undefined }
    | undefined;
  question: Question | undefined;
  /** Why the last action did not begin. */
  problem: string | undefined;
}

/** Before the first snapshot. */
export function newState(): State {
  return {
    snapshot: undefined,
    link: 'connecting',
    linkError: undefined,
    history: new Map(),
    letters: {
      topic: undefined,
      page: 0,
      filters: { key: '', group: '', errorCode: '' },
      data: undefined,
      isLoading: false,
      error: undefined,
      selected: new Set(),
    },
    open: undefined,
    question: undefined,
    problem: undefined,
  };
}

/** The calls of sections. */
export interface Does {
  ask(question: Question): void;
  openLetter(topic: string, position: string): void;
  showLetters(topic: string, filters?: Partial<Filters>): void;
  turnTo(page: number): void;
  filter(filters: Filters): void;
  select(position: string, isSelected: boolean): void;
  selectAll(isSelected: boolean): void;
  refresh(): void;
  render(): void;
}
