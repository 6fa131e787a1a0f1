/** What of messages is not shown. Applied in the server: the page never has it. */

/** A message, before it is shown. */
export interface ShownMessage {
  readonly topic: string;
  readonly key: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Parsed where it is JSON, else text; undefined where it is neither, or a tombstone. */
  readonly value: unknown;
}

/**
 * Names of fields and headers whose values are hidden, at any depth and in any case; or a function that returns what to show
 * instead. With either, a payload that is not JSON is hidden, unless the function returns a text for it.
 */
export type Mask = readonly string[] | ((message: ShownMessage) => Partial<ShownMessage>);

/** Stands where a value is hidden. */
export const HIDDEN = '***';
/** Headers that are never shown. */
const SECRET_HEADER = /(?:authorization|cookie|password|passwd|secret|token|api[-_]?key)$/i;
/** Deeper is hidden wholly. */
const DEEPEST = 64;

/** Never throws: where the function does, nothing is shown. */
export function masked(message: ShownMessage, mask: Mask | undefined): ShownMessage {
  const headers = message.headers.map(
    ([name, value]) => [name, SECRET_HEADER.test(name) ? HIDDEN : value] as const,
  );
  const known = { ...message, headers };
  if (mask === undefined) return known;
  if (typeof mask === 'function') return byFunction(known, mask);
  const names = new Set(mask.map((name) => name.toLowerCase()));
  return {
    ...known,
    headers: headers.map(([name, value]) => [name, names.has(name.toLowerCase()) ? HIDDEN : value] as const),
    value: typeof message.value === 'object' ? without(message.value, names, 0) : undefined,
  };
}

function byFunction(
  message: ShownMessage,
  mask: (message: ShownMessage) => Partial<ShownMessage>,
): ShownMessage {
  try {
    const { topic, key, headers, value } = { ...message, value: undefined, ...mask(message) };
    return { topic, key, headers, value };
  } catch {
    return { ...message, key: HIDDEN, headers: [], value: undefined };
  }
}

function without(value: unknown, names: ReadonlySet<string>, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => without(item, names, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      names.has(name.toLowerCase()) ? HIDDEN : without(item, names, depth + 1),
    ]),
  );
}
