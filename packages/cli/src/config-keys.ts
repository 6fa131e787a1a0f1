/** Finds keys in the JSON Schema of the configuration. Pure. */

/** The parts of a JSON Schema that describe a setting. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
}

/** Settings of which nothing may be shown. */
const SECRET = /pass(word|phrase)|token|secret|seed|credential|privatekey|keypassword/i;

/** `topics.orders.retention`: names of topics may hold dots, so any number of words may be one. */
export function keyAt(schema: Schema, path: string): Schema | undefined {
  const words = path.split('.');
  const [word = ''] = words;
  if (path === '') return schema;
  const inside = schema.properties?.[word];
  if (inside !== undefined) return keyAt(inside, words.slice(1).join('.'));
  for (const one of schema.anyOf ?? []) {
    const inner = keyAt(one, path);
    if (inner !== undefined) return inner;
  }
  const { additionalProperties: any } = schema;
  if (typeof any !== 'object') return undefined;
  for (let length = 1; length <= words.length; length++) {
    const inner = keyAt(any, words.slice(length).join('.'));
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Keys that hold the last word of a path, or lie below its first. */
export function keysNear(schema: Schema, path: string): string[] {
  const last = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return [...keysOf(schema, '')].filter((key) => key.toLowerCase().includes(last)).slice(0, 8);
}

function* keysOf({ properties = {} }: Schema, path: string): Generator<string> {
  for (const [name, schema] of Object.entries(properties)) {
    const there = path === '' ? name : `${path}.${name}`;
    if (/^Another name for '/.test(schema.description ?? '')) continue;
    yield there;
    yield* keysOf(schema, there);
  }
}

/** `'skip' | 'createOnly'`, `integer`, `duration`. Variables, which all may be, are left out. */
export function typeText(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf !== undefined) {
    const kinds = schema.anyOf.filter(({ pattern }) => pattern?.includes('\\$\\{') !== true).map(typeText);
    return [...new Set(kinds)].join(' | ');
  }
  const { type, pattern } = schema;
  if (pattern !== undefined && /\(d\|h\|ms/.test(pattern)) return 'duration';
  if (pattern !== undefined && /KB|kmgt/i.test(pattern)) return 'size';
  return typeof type === 'string' ? type : (type ?? ['anything']).join(' | ');
}

/** The value of a key in a configuration; secrets are masked. */
export function valueAt(config: unknown, path: string): unknown {
  if (path === '') return masked(config);
  if (typeof config !== 'object' || config === null) return undefined;
  if (SECRET.test(path) && found(config, path) !== undefined) return '***';
  return masked(found(config, path));
}

function found(config: unknown, path: string): unknown {
  if (path === '') return config;
  if (typeof config !== 'object' || config === null) return undefined;
  const words = path.split('.');
  for (let length = words.length; length > 0; length--) {
    const name = words.slice(0, length).join('.');
    if (!Object.hasOwn(config, name)) continue;
    return found((config as Record<string, unknown>)[name], words.slice(length).join('.'));
  }
  return undefined;
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/(\w+:\/\/[^:/@\s]*):[^@/\s]+@/g, '$1:***@');
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [
      name,
      SECRET.test(name) && typeof inside !== 'object' ? '***' : masked(inside),
    ]),
  );
}
