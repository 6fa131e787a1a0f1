/** Event ids: UUIDv7, monotonic within the process. */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes are fetched for many ids at once: asking for 16 at a time costs more than all the rest. */
const pool = Buffer.alloc(4096);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * A new id. Within one millisecond the 32-bit counter behind the time grows by one (RFC 9562, section 6.2,
 * method 1); it starts at a random value with its top bit clear, so that it has room to grow. A clock that is set
 * back does not take ids back.
 */
export function newEventId(): string {
  const random = randomBytes16();
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = random.readUInt32BE(6) & 0x7fffffff;
  } else if (++sequence > 0xffffffff) {
    sequence = 0;
    lastMs++;
  }
  return v7({ msecs: lastMs, seq: sequence, random });
}

function randomBytes16(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}
