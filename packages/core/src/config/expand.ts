/** `${VAR}` and `${VAR:-default}` in string values of the configuration. */

/** Where variables are looked up, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The text of a value that was exactly one variable, `${PORT}`. It stays text until the key it belongs to
 * turns out to want a number or true/false: a password of digits must stay a password.
 */
export class VariableValue {
  readonly name: string;
  readonly text: string;
  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }
}

/** Why a text cannot be expanded. The message says nothing of the text itself but names of variables. */
export class ExpansionError extends Error {}

const REFERENCE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;
/** Only these are shown: what looks otherwise may be part of a secret that happens to contain `${`. */
const SHOWN = /^[A-Z_][A-Z0-9_]*$/;

/**
 * Replaces variables. As in a shell, the default of `${VAR:-default}` is taken where the variable is unset or empty.
 * Values of variables are not expanded again. `$${` stands for a plain `${`; a `$` before other characters for itself.
 * @throws ExpansionError for a variable that is not set and has no default, for `${` that begins no variable, and for
 * a result longer than `maxLength`
 */
export function expand(
  text: string,
  variables: Variables,
  maxLength = Number.POSITIVE_INFINITY,
): string | VariableValue {
  let result = '';
  let position = 0;
  for (;;) {
    const start = text.indexOf('${', position);
    if (start < 0) return result + text.slice(position);
    if (start > position && text[start - 1] === '$') {
      result += `${text.slice(position, start - 1)}\${`;
      position = start + 2;
      continue;
    }
    const end = text.indexOf('}', start);
    const [, name, fallback] = REFERENCE.exec(end < 0 ? '' : text.slice(start + 2, end)) ?? [];
    if (name === undefined || fallback?.includes('${') === true) {
      throw new ExpansionError(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is about such strings
        "has a '${' that begins no variable: write '${NAME}' or '${NAME:-default}', or '$${' for a plain '${'",
      );
    }
    const value = lookUp(name, fallback, variables);
    if (start === 0 && end === text.length - 1) return new VariableValue(name, value);
    if (result.length + (start - position) + value.length > maxLength) {
      throw new ExpansionError('is too long once its variables are replaced');
    }
    result += text.slice(position, start) + value;
    position = end + 1;
  }
}

function lookUp(name: string, fallback: string | undefined, variables: Variables): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (fallback !== undefined && (value === undefined || value === '')) return fallback;
  if (value !== undefined) return value;
  const shown = SHOWN.test(name) ? `'${name}'` : 'that it names';
  throw new ExpansionError(`the environment variable ${shown} is not set, and there is no default`);
}
