/** Writes JSON member by member, so that it can say where the first thing is that JSON cannot carry. */
import { types } from 'node:util';
import { reasonOf } from '../errors.js';
import { shown } from '../util/shown.js';

/** Levels of nesting. Readers in other languages have limits too, and few of them go further. */
const MAX_DEPTH = 1_000;
const LONGEST_PATH = 200;

/** A value that JSON cannot carry. The message is a sentence that begins with the path. */
export class JsonRefusal extends Error {
  readonly path: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path} ${reason}`, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}

/** Writes one value as JSON text and knows the path of the part at hand. For one use. */
export class JsonWriter {
  readonly #root: string;
  readonly #bigint: boolean;
  /** Where it is: keys and indexes from the root down. */
  readonly #path: (string | number)[] = [];
  /** The enclosing objects, to notice cycles. */
  readonly #within: object[] = [];

  /** With `bigint` such values are written as integers; otherwise they are refused. */
  constructor(root: string, bigint: boolean) {
    this.#root = root;
    this.#bigint = bigint;
  }

  /** @throws JsonRefusal */
  write(value: unknown): string {
    const text = this.#text(value, '');
    return text ?? this.#refuse('is undefined');
  }

  /** `undefined` for `undefined`: the caller knows whether it may be left out. */
  #text(given: unknown, key: string): string | undefined {
    const value = this.#converted(given, key);
    switch (typeof value) {
      case 'undefined':
        return undefined;
      case 'string':
        return JSON.stringify(value);
      case 'boolean':
        return String(value);
      case 'number':
        return Number.isFinite(value) ? String(value) : this.#refuse(`is ${value}`);
      case 'bigint':
        if (this.#bigint) return String(value);
        return this.#refuse(
          "is a bigint; write it as text, or use the codec jsonCodec({ bigint: 'bigint' })",
        );
      case 'object':
        return value === null ? 'null' : this.#objectText(value);
      default:
        return this.#refuse(`is a ${typeof value}`);
    }
  }

  /** The result of its `toJSON`, where it has one. */
  #converted(value: unknown, key: string): unknown {
    if (
      (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'bigint') ||
      value === null
    ) {
      return value;
    }
    const toJSON = this.#read(value, 'toJSON');
    // A `Buffer` has one whose result nobody reads back.
    if (typeof toJSON !== 'function' || toJSON === Buffer.prototype.toJSON) return value;
    if (types.isDate(value) && Number.isNaN(Date.prototype.getTime.call(value)))
      this.#refuse('is an invalid Date');
    try {
      return toJSON.call(value, key);
    } catch (cause) {
      return this.#refuse(`cannot be written as JSON: its toJSON failed: ${reasonOf(cause)}`, cause);
    }
  }

  #objectText(value: object): string {
    if (types.isBoxedPrimitive(value)) return this.#text(unboxed(value), '') as string;
    if (this.#within.includes(value)) this.#refuse('is a cycle: it contains itself');
    if (this.#within.length >= MAX_DEPTH) this.#refuse(`is nested more than ${MAX_DEPTH} levels deep`);
    this.#within.push(value);
    const text = Array.isArray(value) ? this.#listText(value) : this.#membersText(value);
    this.#within.pop();
    return text;
  }

  #listText(list: readonly unknown[]): string {
    let text = '';
    for (let i = 0; i < list.length; i++) {
      this.#path.push(i);
      const item = this.#text(this.#read(list, i), String(i)) ?? this.#refuse('is undefined');
      text += i === 0 ? item : `,${item}`;
      this.#path.pop();
    }
    return `[${text}]`;
  }

  #membersText(value: object): string {
    const lost = lossOf(value);
    if (lost !== undefined) this.#refuse(lost);
    const keys = Object.keys(value);
    if (keys.length === 0 && isHollow(value)) {
      this.#refuse(`is ${nameOf(value)}, of which JSON keeps nothing; give it a toJSON, or write its data`);
    }
    let text = '';
    for (const key of keys) {
      this.#path.push(key);
      const member = this.#text(this.#read(value, key), key);
      this.#path.pop();
      if (member === undefined) continue;
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${member}`;
    }
    return `{${text}}`;
  }

  #read(from: object | bigint, key: string | number): unknown {
    try {
      return (from as Record<string | number, unknown>)[key];
    } catch (cause) {
      return this.#refuse(`cannot be read: ${reasonOf(cause)}`, cause);
    }
  }

  #refuse(reason: string, cause?: unknown): never {
    throw new JsonRefusal(this.#pathText(), reason, cause);
  }

  #pathText(): string {
    let text = this.#root;
    for (const part of this.#path) {
      if (typeof part === 'number') text += `[${part}]`;
      else text += /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(part) ? `.${part}` : `[${JSON.stringify(shown(part))}]`;
      if (text.length > LONGEST_PATH) return `${text.slice(0, LONGEST_PATH)}…`;
    }
    return text;
  }
}

/** `JSON.stringify` writes `new Number(1)` and the like as the values in them. */
function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number(value);
  if (types.isStringObject(value)) return String(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value);
}

/** Values that lose their content as JSON, even with keys of their own. */
function lossOf(value: object): string | undefined {
  if (types.isUint8Array(value) || types.isAnyArrayBuffer(value) || types.isDataView(value)) {
    return `is bytes (${classNameOf(value)}); write them as text, in base64 for example`;
  }
  if (ArrayBuffer.isView(value)) return `is ${nameOf(value)}; write it as a list`;
  if (types.isMap(value)) return `is ${nameOf(value)}; write it as an object (Object.fromEntries) or a list`;
  if (types.isSet(value)) return `is ${nameOf(value)}; write it as a list ([...set])`;
  if (types.isPromise(value)) return `is ${nameOf(value)}; await it first`;
  if (types.isRegExp(value)) return `is ${nameOf(value)}; write its source as text`;
  if (types.isNativeError(value) || value instanceof Error) {
    return `is ${nameOf(value)}; write its message as text`;
  }
  if (types.isWeakMap(value) || types.isWeakSet(value)) return `is ${nameOf(value)}`;
  return undefined;
}

/**
 * Whether an object without keys has its content elsewhere: its class has getters, or another name, as
 * `Headers`, `Blob`, `URLSearchParams` and iterators do. An object of a class that is simply empty is `{}`.
 */
function isHollow(value: object): boolean {
  const prototype = prototypeOf(value);
  // The last one is that of plain objects, of whichever realm.
  if (prototype === null || prototypeOf(prototype) === null) return false;
  if (Object.hasOwn(prototype, Symbol.toStringTag)) return true;
  const members = Object.values(Object.getOwnPropertyDescriptors(prototype));
  return members.some(({ get }) => get !== undefined) || isHollow(prototype);
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

function nameOf(value: object): string {
  const name = classNameOf(value);
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

function classNameOf(value: object): string {
  const { constructor: type } = value;
  const name = typeof type === 'function' ? type.name : '';
  return name === '' || name === 'Object' ? 'object' : shown(name);
}
