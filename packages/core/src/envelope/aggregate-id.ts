/** The rules for aggregate ids. */

/** In bytes, which for a valid id are characters. */
const MAX_LENGTH = 256;

/** 1 for every character code that an aggregate id may have: A-Z a-z 0-9 : _ - . / */
const ALLOWED = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-./') {
  ALLOWED[character.charCodeAt(0)] = 1;
}

/**
 * True for 1 to 256 characters out of `A-Z a-z 0-9 : _ - . /`; white space around them is not counted, as in the
 * Go services that share the wire.
 */
export function isValidAggregateId(id: string): boolean {
  return (
    typeof id === 'string' &&
    (isCleanAggregateId(id) || (id.trim() !== '' && reasonAgainst(id) === undefined))
  );
}

/** Valid as it is, with nothing to trim. */
export function isCleanAggregateId(id: string): boolean {
  if (id.length === 0 || id.length > MAX_LENGTH) return false;
  for (let i = 0; i < id.length; i++) if (ALLOWED[id.charCodeAt(i)] !== 1) return false;
  return true;
}

/** The problem of an aggregate id that is not blank, or undefined. Length is looked at before characters. */
export function reasonAgainst(id: string): string | undefined {
  const trimmed = id.trim();
  if (Buffer.byteLength(trimmed) > MAX_LENGTH) {
    return `aggregate_id too long (max ${MAX_LENGTH} characters)`;
  }
  for (const character of trimmed) {
    if (ALLOWED[character.codePointAt(0) as number] !== 1) {
      return `aggregate_id contains invalid character: ${character}`;
    }
  }
  return undefined;
}
