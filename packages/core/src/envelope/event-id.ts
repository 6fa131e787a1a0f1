/** Event ids: UUIDv7, monotonic for each clock. */
import type { Clock } from '../clock.js';
import { timeUuid } from '../util/uuid.js';

type IdClock = Pick<Clock, 'now' | 'randomBytes'>;

/** The newest id of a clock. */
interface Newest {
  ms: number;
  sequence: number;
}

const newestOf = new WeakMap<IdClock, Newest>();

/**
 * A new id. Within one millisecond the 32-bit counter behind the time grows by one (RFC 9562, section 6.2,
 * method 1); it starts at a random value with its top bit clear, so that it has room to grow. A clock that is set
 * back does not take ids back.
 */
export function newEventId(clock: IdClock): string {
  let newest = newestOf.get(clock);
  if (newest === undefined) {
    newest = { ms: 0, sequence: 0 };
    newestOf.set(clock, newest);
  }
  const random = clock.randomBytes(16);
  const now = clock.now();
  if (now > newest.ms) {
    newest.ms = now;
    newest.sequence = sequenceOf(random);
  } else if (++newest.sequence > 0xffffffff) {
    newest.sequence = 0;
    newest.ms++;
  }
  return timeUuid(newest.ms, newest.sequence, random);
}

/** 31 bits of bytes that the id itself leaves free. */
function sequenceOf(random: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.subarray(6, 10);
  return (((a & 0x7f) << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
