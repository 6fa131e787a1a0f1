/** Copies of small values, cut from shared slabs: an `ArrayBuffer` of its own costs several times the copying. */

const SLAB_SIZE = 16_384;
/** Larger values get a buffer of their own, so that a slab always holds several. */
const MAX_POOLED = SLAB_SIZE >> 2;

let slab = new Uint8Array(0);
let used = 0;
const place = { slab, start: 0 };

/** Where a copy lies in its slab. A view takes a hundred bytes: who keeps many copies makes views when they are asked for. */
export interface Place {
  /** Kept alive by the place, at most 16 KiB unless the value is larger. */
  readonly slab: Uint8Array;
  readonly start: number;
}

/** Copies bytes, and says where to: a place that is good until the next call. Nobody else writes there. */
export function copyTo(bytes: Uint8Array): Place {
  const { length } = bytes;
  if (length > MAX_POOLED) {
    place.slab = new Uint8Array(bytes);
    place.start = 0;
    return place;
  }
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB_SIZE);
    used = 0;
  }
  slab.set(bytes, used);
  place.slab = slab;
  place.start = used;
  used += length;
  return place;
}

/** Bytes that nobody else writes to. A copy keeps its slab alive, at most 16 KiB, for as long as it lives. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const { slab, start } = copyTo(bytes);
  return new Uint8Array(slab.buffer, start, bytes.length);
}
