/** Errors of the command itself, with the exit code that they lead to. */
import { EXIT, type ExitCode } from './exit-codes.js';

/** Ends the command with a sentence for the person at the terminal. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.usage, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}
