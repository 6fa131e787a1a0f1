/** A deliberate fault: a text in a source file, and another one to put in its place. */
export interface Mutant {
  /** The fault, as a sentence about core or about an adapter: `renews no lease`. */
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly killedBy: TestSelection;
  /** Belongs to the few that every run of all tests tries. */
  readonly gate?: boolean;
}

/** The tests that must notice it: all, or those of a title, of one file. */
export interface TestSelection {
  /** From the root of the repository. */
  readonly file: string;
  readonly project: 'unit' | 'int';
  /** A regular expression on full titles. Default: every test of the file. */
  readonly title?: string;
}
