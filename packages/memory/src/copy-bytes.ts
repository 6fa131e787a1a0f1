/** Copies of small values, cut from shared slabs: an `ArrayBuffer` of its own costs several times the copying. */

const SLAB_SIZE = 16_384;
/** Larger values get a buffer of their own, so that a slab always holds several. */
const MAX_POOLED = SLAB_SIZE >> 2;

let slab = new Uint8Array(0);
let used = 0;

/** Bytes that nobody else writes to. A copy keeps its slab alive, at most 16 KiB, for as long as it lives. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length > MAX_POOLED) return new Uint8Array(bytes);
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB_SIZE);
    used = 0;
  }
  slab.set(bytes, used);
  const copy = new Uint8Array(slab.buffer, used, length);
  used += length;
  return copy;
}
