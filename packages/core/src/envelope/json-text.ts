/** The JSON text of a value, and a refusal of values that JSON would lose or change. */
import { reasonOf } from '../errors.js';
import { JsonRefusal, JsonWriter } from './json-writer.js';

export { JsonRefusal } from './json-writer.js';

/** Levels that the quick look goes down. Deeper values, which are rare, are written by the slow way. */
const PLAIN_DEPTH = 64;

const dateToJson = Date.prototype.toJSON;
const classOf = Object.prototype.toString;

/**
 * The value as JSON text. `toJSON` is honoured. Keys whose value is `undefined`, symbol keys and keys that are not
 * enumerable are left out, as `JSON.stringify` does. `root` is the name of the value in messages.
 * @throws JsonRefusal naming the path of a value that JSON cannot carry: `payload.items[3].price is NaN`
 */
export function jsonText(value: unknown, root: string, bigint = false): string {
  try {
    // Most values consist of plain data only. To look at them and to have V8 write them costs less than writing here.
    if (value !== undefined && isPlain(value, PLAIN_DEPTH)) return JSON.stringify(value) as string;
  } catch {
    // A getter that throws, a proxy that is revoked: the writer meets it too, and knows where.
  }
  try {
    return new JsonWriter(root, bigint).write(value);
  } catch (error) {
    if (error instanceof JsonRefusal) throw error;
    throw new JsonRefusal(root, `cannot be written as JSON: ${reasonOf(error)}`, error);
  }
}

/** Whether `JSON.stringify` writes all of it as it is. `false` means that the slow way has to find out. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return value - value === 0; // Not so for NaN and infinities.
    case 'object':
      return value === null || (depth > 0 && isPlainObject(value, depth - 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    for (const key in value) {
      const member = (value as Record<string, unknown>)[key];
      if (member !== undefined && !isPlain(member, depth)) return false;
    }
    return true;
  }
  if (prototype === Array.prototype) {
    const list = value as readonly unknown[];
    // By index, so that holes are seen.
    for (let i = 0; i < list.length; i++) if (!isPlain(list[i], depth)) return false;
    return true;
  }
  return isPlainInstance(value as { toJSON?: unknown }, prototype, depth);
}

function isPlainInstance(value: { toJSON?: unknown }, prototype: unknown, depth: number): boolean {
  const { toJSON } = value;
  if (prototype === Date.prototype) {
    return toJSON === dateToJson && !Number.isNaN((value as Date).getTime());
  }
  // Of maps, errors and the like it says something else.
  if (typeof toJSON === 'function' || classOf.call(value) !== '[object Object]') return false;
  const keys = Object.keys(value);
  for (const key of keys) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined && !isPlain(member, depth)) return false;
  }
  return keys.length > 0;
}
