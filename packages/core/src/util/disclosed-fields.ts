/** The arguments of a log line, made fit to be written: errors and texts without secrets, cut and escaped. */
import type { Disclose } from './disclose.js';
import { isRecord } from './records.js';
import { namesSecret } from './redact.js';
import { shown } from './shown.js';

const MESSAGE_LIMIT = 2_000;
const STACK_FRAMES = 20;
const MAX_DEPTH = 5;
const MAX_ENTRIES = 100;

/**
 * A copy where a field had to be changed, else the value itself. Bytes become their number, and fields with the name of a
 * secret `***`. Instances are left to the logger, which may know them, except inside of errors: clients keep whole requests
 * there, logins among them, so only their class is shown.
 */
export function disclosedField(value: unknown, disclose: Disclose, depth = 0, inError = false): unknown {
  if (typeof value === 'string') return disclose(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '…';
  if (value instanceof Error) return disclosedError(value, disclose, depth);
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((entry) => disclosedField(entry, disclose, depth + 1, inError));
  }
  if (!isRecord(value)) return inError && !(value instanceof Date) ? classOf(value) : value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value).slice(0, MAX_ENTRIES)) {
    const field = fieldOf(value, name, disclose, depth, inError);
    Object.defineProperty(copy, disclose(name), { value: field, enumerable: true, configurable: true });
  }
  return copy;
}

/**
 * The error itself where all of its texts may be shown; else one of the same class with other texts. So loggers that
 * have a serializer for errors, and `instanceof`, see no difference.
 */
function disclosedError(error: Error, disclose: Disclose, depth: number): Error {
  const changed = new Map<string, unknown>();
  const before = read(error, 'message');
  const message = disclose(before, MESSAGE_LIMIT);
  if (message !== before) changed.set('message', message);
  for (const name of [...Object.keys(error), 'cause', 'errors']) {
    if (name === 'stack' || name === 'message' || !Object.hasOwn(error, name)) continue;
    const after = fieldOf(error, name, disclose, depth, true);
    if (!isSame(read(error, name), after)) changed.set(name, after);
  }
  if (changed.size === 0) return error;
  if (changed.has('message')) changed.set('stack', stackOf(error, message));
  const copy = Object.create(Object.getPrototypeOf(error) as object, ownProperties(error)) as Error;
  for (const [name, value] of changed) {
    Object.defineProperty(copy, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: Object.prototype.propertyIsEnumerable.call(error, name),
    });
  }
  return copy;
}

function ownProperties(error: Error): PropertyDescriptorMap {
  const properties = Object.getOwnPropertyDescriptors(error) as PropertyDescriptorMap;
  // What cannot be redefined could not be changed either.
  for (const name of Reflect.ownKeys(properties))
    (properties[name as string] as PropertyDescriptor).configurable = true;
  return properties;
}

/** The frames as they are, below the message as it may be shown. */
function stackOf(error: Error, message: string): string {
  const stack = read(error, 'stack');
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return [`${String(read(error, 'name'))}: ${message}`, ...frames.slice(0, STACK_FRAMES)].join('\n');
}

function fieldOf(owner: object, name: string, disclose: Disclose, depth: number, inError: boolean): unknown {
  const value = read(owner, name);
  if (typeof value === 'string' && namesSecret(name)) return '***';
  return disclosedField(value, disclose, depth + 1, inError);
}

function classOf(value: object): string {
  const name: unknown = (read(value, 'constructor') as { name?: unknown } | undefined)?.name;
  return `[${typeof name === 'string' && name !== '' ? shown(name, 60) : 'Object'}]`;
}

function isSame(before: unknown, after: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(after)) return before === after;
  return before.length === after.length && before.every((entry, index) => entry === after[index]);
}

function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return '[unreadable]';
  }
}
