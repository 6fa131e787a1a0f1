/** Errors of `JSON.parse` without their quote of the text: that ends up in logs, dead letters and traces. */

/** As V8 quotes it, from the beginning or around the place. */
const QUOTE = /, (?:\.\.\.)?".*is not valid JSON$/s;

/** The same error where it quotes nothing, else another one with the problem alone: `Unexpected token 'p' in JSON`. */
export function withoutQuote(error: unknown): unknown {
  if (!(error instanceof SyntaxError) || !QUOTE.test(error.message)) return error;
  return new SyntaxError(error.message.replace(QUOTE, ' in JSON'));
}
