/**
 * The differences of two JSON Schemas, as far as consumers see them. Each rule follows from one question: which values does one
 * schema accept that the other refuses? Values that only the new one accepts break old consumers; values that only the old one
 * accepts break new consumers, since they are stored.
 */
import type { JsonSchema } from './types.js';

/** Who can no longer read. */
export type Breaks = 'old consumers' | 'new consumers' | 'both';

/** One difference inside a payload. */
export interface SchemaChange {
  readonly breaks: Breaks | undefined;
  readonly path: string;
  readonly message: string;
}

/** A schema, and the document that its references are in. */
export interface Rooted {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Compared as a whole: with one, fewer values are accepted than without; of two, neither is known to accept more. */
const OPAQUE = ['pattern', 'format', 'multipleOf', 'uniqueItems', 'not', 'if', 'then', 'else', 'contains'];
const BRANCHES = ['anyOf', 'oneOf', 'allOf'];

type Report = (breaks: Breaks | undefined, path: string, message: string) => void;

/** All differences, outermost first. */
export function compareSchemas(before: Rooted, after: Rooted): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const seen = new Set<string>();
  const compare = (a: Rooted, b: Rooted, path: string): void => {
    const refs = `${String(a.schema.$ref)} ${String(b.schema.$ref)}`;
    if (a.schema.$ref !== undefined && b.schema.$ref !== undefined) {
      if (seen.has(refs)) return;
      seen.add(refs);
    }
    const [was, is] = [resolved(a), resolved(b)];
    const report: Report = (breaks, at, message) => changes.push({ breaks, path: at, message });
    compareTypes(was, is, path, report);
    compareValues(was, is, path, report);
    compareBounds(was, is, path, report);
    for (const key of OPAQUE) {
      if (same(was[key], is[key])) continue;
      const breaks =
        was[key] === undefined ? 'new consumers' : is[key] === undefined ? 'old consumers' : 'both';
      report(breaks, path, `${key} changed from ${text(was[key])} to ${text(is[key])}`);
    }
    const deeper = (x: unknown, y: unknown, at: string) =>
      compare({ ...a, schema: schemaOf(x) }, { ...b, schema: schemaOf(y) }, at);
    compareProperties(was, is, path, report, deeper);
    compareItems(was, is, path, report, deeper);
    for (const key of BRANCHES) compareBranches(key, was, is, path, report, deeper);
  };
  compare(before, after, '');
  return changes;
}

type Deeper = (was: unknown, is: unknown, path: string) => void;

function compareTypes(was: JsonSchema, is: JsonSchema, path: string, report: Report): void {
  const [old, now] = [typesOf(was), typesOf(is)];
  if (old === undefined || now === undefined) {
    if (old !== undefined) report('old consumers', path, 'any type is accepted now');
    if (now !== undefined) report('new consumers', path, `only ${now.join(' and ')} is accepted now`);
    return;
  }
  const accepts = (types: readonly string[], type: string) =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  for (const type of now) if (!accepts(old, type)) report('old consumers', path, `may be ${type} now`);
  for (const type of old)
    if (!accepts(now, type)) report('new consumers', path, `may not be ${type} any more`);
}

function compareValues(was: JsonSchema, is: JsonSchema, path: string, report: Report): void {
  const [old, now] = [valuesOf(was), valuesOf(is)];
  if (old === undefined || now === undefined) {
    if (old !== undefined) report('old consumers', path, 'is not limited to certain values any more');
    if (now !== undefined) report('new consumers', path, 'is limited to certain values now');
    return;
  }
  for (const value of now) if (!old.includes(value)) report('old consumers', path, `may be ${value} now`);
  for (const value of old)
    if (!now.includes(value)) report('new consumers', path, `may not be ${value} any more`);
}

function compareBounds(was: JsonSchema, is: JsonSchema, path: string, report: Report): void {
  const one = (key: string, open: number, isTighter: (old: number, now: number) => boolean) => {
    const [old, now] = [numberOf(was[key], open), numberOf(is[key], open)];
    if (old === now) return;
    const breaks = isTighter(old, now) ? 'new consumers' : 'old consumers';
    report(breaks, path, `${key} changed from ${text(was[key])} to ${text(is[key])}`);
  };
  for (const key of LOWER_BOUNDS) one(key, Number.NEGATIVE_INFINITY, (old, now) => now > old);
  for (const key of UPPER_BOUNDS) one(key, Number.POSITIVE_INFINITY, (old, now) => now < old);
}

function compareProperties(
  was: JsonSchema,
  is: JsonSchema,
  path: string,
  report: Report,
  deeper: Deeper,
): void {
  const [old, now] = [schemaOf(was.properties), schemaOf(is.properties)];
  const [mustBefore, mustNow] = [requiredOf(was), requiredOf(is)];
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!Object.hasOwn(now, name)) {
      const isRefused = is.additionalProperties === false;
      report(eitherOf(mustBefore.has(name) && 'old consumers', isRefused && 'new consumers'), at, 'is gone');
    } else if (!Object.hasOwn(old, name)) {
      const isRequired = mustNow.has(name);
      const wasRefused = was.additionalProperties === false;
      const breaks = eitherOf(isRequired && 'new consumers', wasRefused && 'old consumers');
      report(breaks, at, isRequired ? 'is new and required' : 'is new and optional');
    } else {
      if (mustNow.has(name) && !mustBefore.has(name)) report('new consumers', at, 'is required now');
      if (mustBefore.has(name) && !mustNow.has(name)) report('old consumers', at, 'is optional now');
      deeper(old[name], now[name], at);
    }
  }
  const [rest, restNow] = [was.additionalProperties, is.additionalProperties];
  if (isSchema(rest) && isSchema(restNow)) deeper(rest, restNow, `${path}{}`);
  else if (rest !== false && restNow === false)
    report('new consumers', path, 'no other properties are accepted now');
  else if (rest === false && restNow !== false)
    report('old consumers', path, 'other properties are accepted now');
  else if (isSchema(rest)) report('old consumers', path, 'other properties are not checked any more');
  else if (isSchema(restNow)) report('new consumers', path, 'other properties are checked now');
}

function compareItems(was: JsonSchema, is: JsonSchema, path: string, report: Report, deeper: Deeper): void {
  const [old, now] = [was.items, is.items];
  if (Array.isArray(old) || Array.isArray(now)) {
    if (!same(old, now)) report('both', path, 'the items of the tuple changed');
  } else if (old !== undefined || now !== undefined) {
    deeper(old, now, `${path}[]`);
  }
}

function compareBranches(
  key: string,
  was: JsonSchema,
  is: JsonSchema,
  path: string,
  report: Report,
  deeper: Deeper,
): void {
  const [old, now] = [was[key], is[key]];
  if (Array.isArray(old) && Array.isArray(now) && old.length === now.length) {
    for (const [index, branch] of old.entries()) deeper(branch, now[index], path);
  } else if (!same(old, now)) {
    report('both', path, `the alternatives (${key}) changed`);
  }
}

/** Follows references inside the document. */
function resolved({ schema, root }: Rooted): JsonSchema {
  let at: unknown = schema;
  for (let hops = 0; hops < 100 && typeof (at as JsonSchema | undefined)?.$ref === 'string'; hops++) {
    const parts = String((at as JsonSchema).$ref)
      .split('/')
      .slice(1);
    at = parts.reduce<unknown>(
      (inner, part) => (inner as JsonSchema | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')],
      root,
    );
  }
  return schemaOf(at);
}

/** `both`, where each of two reasons breaks a side of its own. */
const eitherOf = (one: Breaks | false, other: Breaks | false): Breaks | undefined =>
  one && other ? 'both' : one || other || undefined;

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;
/** `true`, and a schema that is not there, accept anything. */
const schemaOf = (value: unknown): JsonSchema =>
  isSchema(value) ? value : value === false ? { not: {} } : {};
const requiredOf = ({ required }: JsonSchema) => new Set(Array.isArray(required) ? required.map(String) : []);
const numberOf = (value: unknown, open: number) => (typeof value === 'number' ? value : open);
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const text = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));

function typesOf({ type }: JsonSchema): readonly string[] | undefined {
  return type === undefined ? undefined : [type].flat().map(String);
}

function valuesOf(schema: JsonSchema): readonly string[] | undefined {
  if ('const' in schema) return [JSON.stringify(schema.const)];
  return Array.isArray(schema.enum) ? schema.enum.map((value) => JSON.stringify(value)) : undefined;
}
