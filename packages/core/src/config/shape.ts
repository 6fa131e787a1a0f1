/** Looks into zod schemas: which keys there are at a path. */

interface Looked {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly def?: { readonly innerType?: unknown; readonly valueType?: unknown; readonly in?: unknown };
}

/** The keys of an object schema with their schemas, through defaults, pipes and the like; `undefined` for others. */
export function shapeOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return unwrapped(schema)?.shape;
}

/** The schema under a key: of that key of an object, or of any entry of a record. */
export function schemaUnder(schema: unknown, key: string): unknown {
  const found = unwrapped(schema);
  if (found?.shape !== undefined) return Object.hasOwn(found.shape, key) ? found.shape[key] : undefined;
  return found?.def?.valueType;
}

/** The schema at a path. */
export function schemaAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let schema = root;
  for (const key of path) schema = schemaUnder(schema, String(key));
  return schema;
}

/** The keys of a shape, without those that are there to be refused (`refusedSetting`). */
export function settingsOf(shape: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.entries(shape ?? {}).flatMap(([key, schema]) => (isRefused(schema) ? [] : [key]));
}

const MAX_PLACES = 3;

/** Where in the whole configuration there is a key of one of these names: `kafka.consumer.groupId`. */
export function placesOf(names: readonly string[], root: unknown): string[] {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const found: string[] = [];
  const look = (schema: unknown, path: string): void => {
    const shape = shapeOf(schema);
    for (const key of settingsOf(shape)) {
      if (found.length >= MAX_PLACES) return;
      if (wanted.has(key.toLowerCase())) found.push(`'${path}${key}'`);
      else look(shape?.[key], `${path}${key}.`);
    }
  };
  look(root, '');
  return found;
}

function isRefused(schema: unknown): boolean {
  const inner = (schema as Looked | undefined)?.def?.innerType as { def?: { type?: unknown } } | undefined;
  return inner?.def?.type === 'undefined';
}

function unwrapped(schema: unknown): Looked | undefined {
  let current = schema as Looked | undefined;
  while (current !== undefined && current.shape === undefined && current.def?.valueType === undefined) {
    current = (current.def?.innerType ?? current.def?.in) as Looked | undefined;
  }
  return current;
}
