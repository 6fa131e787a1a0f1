/** A configuration as a tree of its own: copied, with variables expanded, and known to be finite. */
import { isRecord, ownValue } from '../util/records.js';
import { ExpansionError, expand, type Variables, VariableValue } from './expand.js';
import type { Problems } from './problems.js';
import { isSecretKey } from './secrets.js';

const MAX_VALUES = 1_000_000;
/** Deeper configurations are refused. */
export const MAX_DEPTH = 64;
/** In all keys and values, variables replaced, in UTF-16 units. Twice the largest file. */
const MAX_TEXT = 8 * 1024 ** 2;

/** Keys and indexes from the root to a value. */
export type Path = readonly string[];

/**
 * Copies plain objects and lists; other values are kept as they are. `undefined` counts as not there. With `variables`,
 * strings are expanded, and a string of one variable becomes a `VariableValue`.
 */
export function copyTree(root: unknown, problems: Problems, variables?: Variables): unknown {
  const above = new Set<object>();
  let values = 0;
  let characters = 0;

  /** False from the moment on in which there is more text than a configuration may have. */
  const fits = (length: number): boolean => {
    if (characters > MAX_TEXT) return false;
    characters += length;
    if (characters <= MAX_TEXT) return true;
    problems.add([], 'holds more than 8 MiB of text, variables replaced');
    return false;
  };

  const copy = (value: unknown, path: Path, secret: boolean): unknown => {
    if (++values === MAX_VALUES + 1) {
      problems.add([], `holds more than ${MAX_VALUES.toLocaleString('en')} values`);
    }
    if (values > MAX_VALUES) return undefined;
    if (typeof value === 'string') return text(value, path, secret);
    const list = Array.isArray(value);
    if (!list && !isRecord(value)) return value;
    if (above.has(value)) return void problems.add(path, 'contains itself');
    if (path.length >= MAX_DEPTH)
      return void problems.add(path, `is nested more than ${MAX_DEPTH} levels deep`);
    above.add(value);
    const copied = list
      ? value.map((item, index) => copy(item, [...path, String(index)], secret))
      : entries(value, path, secret);
    above.delete(value);
    return copied;
  };

  const entries = (value: Record<string, unknown>, path: Path, secret: boolean) => {
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const there = [...path, key];
      if (!fits(key.length)) return copied;
      if (key === '__proto__') problems.add(there, 'is no possible key');
      else if (value[key] !== undefined) copied[key] = copy(value[key], there, secret || isSecretKey(key));
    }
    return copied;
  };

  const text = (value: string, path: Path, secret: boolean): unknown => {
    if (!fits(value.length)) return undefined;
    if (secret) problems.secrets.add(value);
    if (variables === undefined || !value.includes('${')) return value;
    try {
      const expanded = expand(value, variables, MAX_TEXT - characters);
      const plain = expanded instanceof VariableValue ? expanded.text : expanded;
      if (!fits(plain.length)) return undefined;
      if (secret || (expanded instanceof VariableValue && isSecretKey(expanded.name)))
        problems.secrets.add(plain);
      return expanded;
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      return void problems.add(path, error.message);
    }
  };

  return copy(root, [], false);
}

/** Merges deeply: objects key by key, other values are replaced. Neither argument is changed. */
export function mergeTrees(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = Object.hasOwn(base, key) ? mergeTrees(base[key], value) : value;
  }
  return merged;
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const key of path) value = ownValue(value, key);
  return value;
}

/**
 * Puts text where `VariableValue`s are, in place, and tells where they were. A key whose text is empty counts as not
 * there: so files leave out keys that an environment need not have, `password: ''`.
 */
export function settleVariables(tree: unknown): { tree: unknown; variables: Map<string, VariableValue> } {
  const variables = new Map<string, VariableValue>();
  const settle = (value: unknown, path: Path): unknown => {
    if (value instanceof VariableValue) {
      variables.set(pathKey(path), value);
      return value.text;
    }
    if (Array.isArray(value)) return value.map((item, index) => settle(item, [...path, String(index)]));
    if (!isRecord(value)) return value;
    const settled: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const there = settle(item, [...path, key]);
      if (there !== '') settled[key] = there;
    }
    return settled;
  };
  return { tree: settle(tree, []), variables };
}

/** Sets the value at a path, in place. Does nothing where the parent is missing. */
export function replaceAt(tree: unknown, path: readonly PropertyKey[], value: unknown): void {
  const last = path.at(-1);
  const parent = valueAt(tree, path.slice(0, -1)) as Record<PropertyKey, unknown> | undefined;
  if (last !== undefined && parent !== undefined) parent[last] = value;
}

/** A path as one text, for maps and sets. */
export const pathKey = (path: readonly PropertyKey[]): string => path.map(String).join('\u0000');
