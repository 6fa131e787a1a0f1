/** The shapes of options: kinds of values, and the options of a method. */

/** The kind of an option's value. */
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
  /** Remedies for names that are not among them. */
  readonly remedies: Readonly<Record<string, string>>;
  readonly example: string;
  readonly required: readonly string[];
  /** Objects that may have other members beside them: none, instances of classes, or any. */
  readonly others: 'none' | 'instances' | 'any';
}
