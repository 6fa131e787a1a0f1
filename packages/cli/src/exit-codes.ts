/** Exit codes of the command: part of its interface, for scripts and alerts. */
export const EXIT = {
  /** Done, and nothing to tell. */
  ok: 0,
  /** It failed: no connection, no permission, no such topic. */
  failed: 1,
  /** Wrong arguments, or a configuration that is not valid. */
  usage: 2,
  /** It looked, and something is not as it should be: differences, lag above `--max`, findings of the doctor. */
  found: 3,
  /** The question was answered with no, or nobody was there to answer it. */
  declined: 4,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Of each, for the help and the documentation. */
export const EXIT_MEANS: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'failed: no connection, no permission, no such topic',
  2: 'wrong arguments or configuration',
  3: 'something was found: differences, lag, findings, letters that could not be redriven',
  4: 'the question was not answered with yes',
  130: 'interrupted',
};
