/** Explains zod issues in sentences about keys and values. */
import type { z } from 'zod';
import { nearest } from '../util/nearest.js';
import { otherNames, rootRemedy } from './other-names.js';
import type { Secrets } from './secrets.js';
import { placesOf, schemaAt, settingsOf, shapeOf } from './shape.js';

type Issue = z.core.$ZodIssue;

/** Zod's own messages, as opposed to those of a schema's author. */
const ZODS_OWN = /^(Invalid|Too (small|big)|Unrecognized)\b/;

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

/** The allowed values, and the value found. `value` stands at the issue's path. */
export function sayIssue(issue: Issue, value: unknown, secrets: Secrets): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code === 'custom' || !ZODS_OWN.test(issue.message)) return issue.message;
  const own =
    issue.code === 'invalid_union' ? issue.errors.flat().find(({ code }) => code === 'custom') : undefined;
  if (own !== undefined) return own.message;
  const wanted = expectation(issue);
  if (value === undefined) return `is missing: it must be ${wanted}`;
  if (wanted === KINDS.array && typeof value === 'string') {
    return `must be a list, got ${secrets.describe(issue.path, value)}: put it in brackets, [ … ], one item for each`;
  }
  const got = secrets.describe(issue.path, value);
  const quoted = issue.code === 'invalid_type' && issue.expected === 'string' && typeof value !== 'object';
  const unquoted =
    typeof value === 'string' && value !== '' && wanted.includes('number') && Number.isFinite(Number(value));
  return `must be ${wanted}, got ${got}${quoted ? ' (put it in quotes)' : unquoted ? ' (take the quotes away)' : ''}`;
}

/** The allowed values: `a whole number`, `one of 'a', 'b'`. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value': {
      const values = issue.values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
      return values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`;
    }
    case 'too_small':
      return bound(issue.origin, issue.minimum, issue.inclusive === true ? 'at least' : 'more than');
    case 'too_big':
      return bound(issue.origin, issue.maximum, issue.inclusive === true ? 'at most' : 'less than');
    case 'invalid_union': {
      const branches = issue.errors.flatMap(([first]) => (first === undefined ? [] : [expectation(first)]));
      return [...new Set(branches)].join(' or ');
    }
    default:
      return issue.message.replace(/^Invalid [^:]*: /, '');
  }
}

function bound(origin: string, limit: number | bigint, relation: string): string {
  if (origin === 'string')
    return limit === 1 ? 'a text that is not empty' : `a text of ${relation} ${limit} characters`;
  if (origin === 'array') return `a list of ${relation} ${limit}`;
  return `${relation} ${limit}`;
}

/** Root keys of a file that core itself takes away before the schema sees them. */
const ALSO_AT_ROOT = ['eventbus', 'environments', 'monitoring'];
/** Longer lists are no help. */
const MAX_NAMED = 12;

/** An unknown key, with the one that was probably meant. `plugins` are the names of registered plug-ins. */
export function sayUnknownKey(
  key: string,
  path: readonly PropertyKey[],
  root: unknown,
  plugins: readonly string[],
): string {
  const atRoot = path.length === 0;
  const remedy = atRoot ? rootRemedy(key, plugins) : undefined;
  if (remedy !== undefined) return remedy;
  const known = settingsOf(shapeOf(schemaAt(root, path)));
  const near = nearest(key, atRoot ? [...known, ...ALSO_AT_ROOT] : known);
  if (near !== undefined) return `unknown key, did you mean '${near}'?`;
  const others = otherNames(key);
  const here = others.find((name) => known.includes(name));
  if (here !== undefined) return `unknown key, use '${here}' instead`;
  const places = placesOf([key, ...others], root);
  if (places.length > 0) return `unknown key here, did you mean ${places.join(' or ')}?`;
  if (atRoot) {
    const names = plugins.length === 0 ? 'none' : plugins.join(', ');
    return `unknown key; if it belongs to a plug-in, pass that in plugins (registered: ${names})`;
  }
  return known.length > 0 && known.length <= MAX_NAMED
    ? `unknown key; there are ${known.join(', ')}`
    : 'unknown key';
}
