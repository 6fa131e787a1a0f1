/** Laying configurations over each other. */

/** Later ones win, key by key through all plain objects. Nothing given is changed. */
export function merge<T extends object>(...configs: readonly object[]): T {
  return configs.reduce((all, config) => mergeTwo(all, config), {}) as T;
}

function mergeTwo(base: object, over: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isPlain(present) && isPlain(value) ? mergeTwo(present, value) : value;
  }
  return merged;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
