/** UUIDs as RFC 9562 has them, from given bytes: loading a library for that costs more than all the rest of core. */
import type { Clock } from '../clock.js';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hex = (byte: number) => HEX[byte & 0xff] as string;

/** A UUIDv4 of the clock's random bytes: an id that cannot be guessed. */
export function randomUuid(clock: Pick<Clock, 'randomBytes'>): string {
  const bytes = clock.randomBytes(16);
  const at = (index: number) => hex(bytes[index] ?? 0);
  return (
    `${at(0)}${at(1)}${at(2)}${at(3)}-${at(4)}${at(5)}-${hex(0x40 | ((bytes[6] ?? 0) & 0x0f))}${at(7)}-` +
    `${hex(0x80 | ((bytes[8] ?? 0) & 0x3f))}${at(9)}-${at(10)}${at(11)}${at(12)}${at(13)}${at(14)}${at(15)}`
  );
}

/**
 * A UUIDv7: 48 bits of epoch milliseconds, the 32 bits of `sequence`, and the last 42 bits of 16 random bytes. Ids of one
 * process that differ in time or sequence sort by them.
 */
export function timeUuid(ms: number, sequence: number, random: Uint8Array): string {
  const high = Math.floor(ms / 0x1_0000_0000);
  const low = ms >>> 0;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = random.subarray(10, 16);
  return (
    `${hex(high >>> 8)}${hex(high)}${hex(low >>> 24)}${hex(low >>> 16)}-${hex(low >>> 8)}${hex(low)}-` +
    `${hex(0x70 | (sequence >>> 28))}${hex(sequence >>> 20)}-` +
    `${hex(0x80 | ((sequence >>> 14) & 0x3f))}${hex(sequence >>> 6)}-` +
    `${hex(((sequence << 2) & 0xfc) | (a & 0x03))}${hex(b)}${hex(c)}${hex(d)}${hex(e)}${hex(f)}`
  );
}
