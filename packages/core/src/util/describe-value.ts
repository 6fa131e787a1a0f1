/** Values that are no good, as a message can show them. */
import { shown } from './shown.js';

const MAX_TEXT = 60;

/** Never throws, never long, and never writes out an object: there may be a secret in it. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `"${shown(value, MAX_TEXT)}"`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return shown(value, MAX_TEXT);
  const name = shown(Object.prototype.toString.call(value).slice('[object '.length, -1), MAX_TEXT);
  if (name === 'Object') return 'an object';
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
