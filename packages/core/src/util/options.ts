/**
 * Options are never ignored: unknown names and values of another kind are refused at the
 * call, with a sentence that names the method, the option and the remedy. Every method with options uses this.
 */
import { ConfigError } from '../errors.js';
import { describeValue } from './describe-value.js';
import { nearest } from './nearest.js';
import { neighbourOf } from './neighbours.js';
import { isAbortSignal } from './option-kinds.js';
import type { OptionKind, OptionTable } from './option-types.js';
import { isRecord } from './records.js';
import { shown } from './shown.js';

const UNKNOWN = 'unknown option';

export type { OptionTable } from './option-types.js';

/** One option that is wrong. */
export interface OptionProblem {
  /** `retryBackoff.base`; empty where the options themselves are no object. */
  readonly path: string;
  readonly message: string;
}

/**
 * Lists every option of a method with its kind; the compiler sees to it that none is missing. `remedies` are for names
 * that people bring from elsewhere and that have no counterpart: `{ priority: 'brokers have no priorities; …' }`.
 * `others: 'instances'` is for interfaces that classes may implement.
 */
export function optionTable<T extends object>(
  kinds: { readonly [Name in keyof T]-?: OptionKind },
  remedies: Readonly<Record<string, string>> = {},
  { others = 'none' }: { others?: OptionTable['others'] } = {},
): OptionTable {
  const known = new Map<string, OptionKind>(Object.entries(kinds));
  const [first] = known;
  const example = first === undefined ? '{}' : `{ ${first[0]}: ${first[1].example} }`;
  const required = [...known].filter(([, kind]) => kind.required === true).map(([name]) => name);
  return { kinds: known, remedies, example, required, others };
}

/**
 * Throws a `ConfigError` for the first thing that is wrong with a method's options: `close: timeout must be …`.
 * `undefined` is absent: the options as a whole, and each of them. (A name that does not exist is refused all the same.)
 */
export function checkOptions(where: string, options: object | undefined, table: OptionTable): void {
  const problem = optionProblem(options, table);
  if (problem !== undefined) throw optionsError(where, problem);
}

/** The same for an argument that is no object of options; `undefined` is absent, unless the kind is required. */
export function checkArgument(where: string, value: unknown, kind: OptionKind): void {
  if ((value === undefined && kind.required !== true) || kind.accepts(value)) return;
  const message = `must be ${kind.expects}, got ${describeValue(value)}`;
  throw new ConfigError(`${where} ${message}`, { problems: [{ path: '', message }] });
}

/** The `ConfigError` for a problem; `where` names the method. */
export function optionsError(where: string, problem: OptionProblem): ConfigError {
  return new ConfigError(`${where}: ${sentence(problem)}`, { problems: [problem] });
}

/** The problem in words: unknown options are named in the message already. */
export function sentence({ path, message }: OptionProblem): string {
  if (message.startsWith(UNKNOWN)) return message;
  return path === '' ? `the options ${message}` : `${path} ${message}`;
}

/** The first thing that is wrong; `undefined` where nothing is. Allocates nothing then. */
export function optionProblem(options: unknown, table: OptionTable): OptionProblem | undefined {
  return look(options, table, '', undefined);
}

/** All problems. */
export function optionProblems(options: unknown, table: OptionTable): OptionProblem[] {
  const all: OptionProblem[] = [];
  look(options, table, '', all);
  return all;
}

/** Stops at the first problem, unless all are to be collected. `prefix` is for options inside of options: `retryBackoff.` */
function look(
  options: unknown,
  table: OptionTable,
  prefix: string,
  all: OptionProblem[] | undefined,
): OptionProblem | undefined {
  if (options === undefined) return undefined;
  if (!isOptionsObject(options)) {
    const problem = { path: prefix.slice(0, -1), message: noObject(options, table) };
    all?.push(problem);
    return problem;
  }
  for (const key in options) {
    const value = (options as Record<string, unknown>)[key];
    const kind = table.kinds.get(key);
    if (value === undefined && kind !== undefined) continue;
    const problem =
      kind?.nested === undefined
        ? problemOf(prefix, key, value, kind, options, table)
        : look(value, kind.nested, `${prefix}${key}.`, all);
    if (problem === undefined) continue;
    if (all === undefined) return problem;
    if (kind?.nested === undefined) all.push(problem);
  }
  for (const name of table.required) {
    if ((options as Record<string, unknown>)[name] !== undefined) continue;
    const message = `is missing: it must be ${table.kinds.get(name)?.expects}`;
    const problem = { path: prefix + name, message };
    if (all === undefined) return problem;
    all.push(problem);
  }
  return undefined;
}

function problemOf(
  prefix: string,
  key: string,
  value: unknown,
  kind: OptionKind | undefined,
  options: object,
  table: OptionTable,
): OptionProblem | undefined {
  if (kind === undefined) {
    if (table.others === 'any' || (table.others === 'instances' && !isRecord(options))) return undefined;
    return { path: prefix + key, message: unknownOption(prefix, key, table) };
  }
  if (kind.accepts(value)) return undefined;
  return { path: prefix + key, message: `must be ${kind.expects}, got ${describeValue(value)}` };
}

/** Instances of an application's own classes are fine; lists, maps, dates, signals and other things with a purpose are not. */
export function isOptionsObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return Object.prototype.toString.call(value) === '[object Object]';
}

function noObject(value: unknown, { kinds, example }: OptionTable): string {
  const got = `got ${describeValue(value)}`;
  if (isAbortSignal(value) && kinds.has('signal')) return `must be an object: { signal }, ${got}`;
  const scalar = typeof value !== 'object' && kinds.has('timeout') ? "{ timeout: '30s' }" : example;
  return `must be an object such as ${scalar}, ${got}`;
}

function unknownOption(prefix: string, key: string, { kinds, remedies }: OptionTable): string {
  const said = `${UNKNOWN} '${prefix}${shown(key, 60)}'`;
  if (Object.hasOwn(remedies, key)) return `${said}: ${remedies[key]}`;
  const neighbour = neighbourOf(key, kinds);
  if (neighbour !== undefined) return `${said}, use '${prefix}${neighbour}' instead`;
  const near = nearest(key, kinds.keys());
  if (near !== undefined) return `${said}, did you mean '${prefix}${near}'?`;
  return kinds.size === 0 ? `${said}; there are none` : `${said}; known are ${[...kinds.keys()].join(', ')}`;
}
