/** Nothing is destroyed without a question. */
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from './io.js';

/** @throws CliError `declined` for any answer but yes, and where there is nobody to ask */
export async function confirm(io: Io, isSure: boolean, question: string): Promise<void> {
  if (isSure) return;
  if (!io.canAsk) {
    throw new CliError(`${question}: give --yes where no terminal can be asked`, EXIT.declined);
  }
  const answer = await io.ask(`${question}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was changed', EXIT.declined);
}
