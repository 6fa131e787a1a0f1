/** The shapes of options: what a value may be, and which options a method has. */

/** What an option may be. */
export interface OptionKind {
  /** Completes the sentence "must be …". */
  readonly expects: string;
  /** A value as it may be written, for messages. */
  readonly example: string;
  accepts(value: unknown): boolean;
  /** For options that are objects of options. */
  readonly nested?: OptionTable;
  /** It may not be left out. */
  readonly required?: boolean;
}

/** The options of a method. Made once by `optionTable`. */
export interface OptionTable {
  readonly kinds: ReadonlyMap<string, OptionKind>;
  /** What to do instead, for names that are not among them. */
  readonly remedies: Readonly<Record<string, string>>;
  readonly example: string;
  readonly required: readonly string[];
  /** Who may have members of its own beside them: nobody, instances of classes, or anything. */
  readonly others: 'none' | 'instances' | 'any';
}
