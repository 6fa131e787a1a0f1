/** Finds the keys of a configuration schema, so that a test can prove that none of them is accepted and ignored. */
import { z } from '@ebus/core/driver';

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  not?: unknown;
}

/**
 * The dotted paths of all settings: keys that hold no further keys. `*` stands for any key of a record. A key that no
 * value but `undefined` satisfies is refused rather than ignored, and left out.
 */
export function settingsOf(schema: z.ZodType): string[] {
  const generated = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'undefined') jsonSchema.not = {};
    },
  });
  return [...leaves(generated as JsonSchema, [])];
}

function* leaves(schema: JsonSchema, path: readonly string[]): Generator<string> {
  const { properties, additionalProperties, not } = schema;
  if (not !== undefined) return;
  if (properties !== undefined) {
    for (const [key, value] of Object.entries(properties)) yield* leaves(value, [...path, key]);
  } else if (typeof additionalProperties === 'object') {
    yield* leaves(additionalProperties, [...path, '*']);
  } else {
    yield path.join('.');
  }
}

/** A configuration that remembers which of its settings were read. */
export interface Recorded<Config> {
  readonly config: Config;
  /** Dotted paths, as `settingsOf` gives them. */
  readonly read: ReadonlySet<string>;
}

/**
 * Wraps a configuration. Reading a key counts; copying an object with all its keys (by a spread, say) does not, and what
 * is read from such a copy is not seen. `Map`s and instances of classes are handed out as they are.
 */
export function recordReads<Config>(config: Config): Recorded<Config> {
  const read = new Set<string>();
  return { config: recording(config, [], read) as Config, read };
}

function recording(value: unknown, path: readonly string[], read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  // A spread asks for the descriptor of each key before it reads it.
  let copied: PropertyKey | undefined;
  return new Proxy(value, {
    getOwnPropertyDescriptor(target, key) {
      copied = key;
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    get(target, key) {
      const there = [...path, String(key)];
      if (copied !== key) read.add(there.join('.'));
      copied = undefined;
      return recording(Reflect.get(target, key), there, read);
    },
  });
}
