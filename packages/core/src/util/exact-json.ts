/** JSON for people to read: JavaScript rounds numbers that it cannot hold, and an id that is shown wrong misleads. */

/** Strings, so that digits in them are passed over, and numbers. */
const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * The value of a JSON text. Numbers that JavaScript would round, such as `12345678901234567890`, are texts in it.
 * @throws SyntaxError for what is no JSON
 */
export function parseExactly(json: string): unknown {
  const value: unknown = JSON.parse(json);
  if (inexactNumber(json) === undefined) return value;
  return JSON.parse(json.replace(TOKEN, (token) => (isKept(token) ? token : `"${token}"`)));
}

/** The first number in a JSON text that JavaScript would round; undefined where all are kept. */
export function inexactNumber(json: string): string | undefined {
  for (const [token] of json.matchAll(TOKEN)) if (!isKept(token)) return token;
  return undefined;
}

function isKept(token: string): boolean {
  // So few digits are always kept.
  if (token.startsWith('"') || (token.length <= 15 && !/e/i.test(token))) return true;
  return decimal(token) === decimal(String(Number(token)));
}

/** One text for one value: its digits without zeros around them, and their power of ten. */
function decimal(number: string): string {
  const [, sign = '', whole = '', part = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = `${whole}${part}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return whole === '' ? number : '0';
  return `${sign}${short}e${Number(exponent) - part.length + digits.length - short.length}`;
}
