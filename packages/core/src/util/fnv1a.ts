/** The FNV-1a hash, which partitions keys as the lineage's Go producers do. */

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

const encoder = new TextEncoder();

/**
 * 32-bit FNV-1a over the UTF-8 bytes of the key, unsigned. Allocates nothing for ASCII keys; lone surrogates count
 * as U+FFFD, as in every encoder. Source: Fowler, Noll and Vo, "The FNV Non-Cryptographic Hash Algorithm",
 * draft-eastlake-fnv.
 */
export function fnv1a32(key: string): number {
  let hash = OFFSET_BASIS;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code > 0x7f) return hashBytes(encoder.encode(key.slice(i)), hash);
    hash = Math.imul(hash ^ code, PRIME);
  }
  return hash >>> 0;
}

function hashBytes(bytes: Uint8Array, start: number): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
