/** All that the command does to the outside: replaced in tests. */

/** Where a command reads and writes. */
export interface Io {
  /** Results, to standard output. */
  out(text: string): void;
  /** Notes, questions and errors, to standard error. */
  err(text: string): void;
  /** Whether a person reads the output: then it is a table. */
  readonly isTerminal: boolean;
  /** Whether a person sees standard error: then long work shows its progress there. */
  readonly errIsTerminal: boolean;
  /** Characters that fit in a line of the terminal; it may change. Undefined: not known. */
  readonly columns?: number | undefined;
  /** The same of standard error. */
  readonly errColumns?: number | undefined;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** The next line that the person writes. */
  ask(question: string): Promise<string>;
  /** All of standard input. */
  input(): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where files and adapters are looked for. */
  readonly cwd: string;
  /** The time by the clock of this machine. */
  now(): number;
  /** Aborts with Ctrl-C, and where nobody reads the output any more. */
  readonly signal: AbortSignal;
}
