/** Sizes: plain bytes, or text such as `64KiB`, `100MB`, `1GB`. All multiples are binary. */
import { describeValue } from './util/describe-value.js';

/** Units of sizes. All are multiples of 1,024. */
export type SizeUnit = 'B' | 'KB' | 'KiB' | 'MB' | 'MiB' | 'GB' | 'GiB' | 'TB' | 'TiB';
/** Plain bytes, or text such as `64KiB`, `100MB`. */
export type Bytes = number | `${number}${SizeUnit}`;

/** `MB` means what `MiB` does, as in Kafka's and NATS' own tools and in the configuration files in use. */
const UNITS: Readonly<Record<SizeUnit, number>> = {
  B: 1,
  KB: 1_024,
  KiB: 1_024,
  MB: 1_024 ** 2,
  MiB: 1_024 ** 2,
  GB: 1_024 ** 3,
  GiB: 1_024 ** 3,
  TB: 1_024 ** 4,
  TiB: 1_024 ** 4,
};

const SIZE = /^(\d+(?:\.\d+)?)(B|[KMGT]i?B)$/;

/**
 * The size in whole bytes; text that comes to a fraction of a byte (`0.1KB`) is rounded.
 * @throws TypeError for negative, fractional, unsafe or unreadable values; it names the allowed forms
 */
export function parseSize(value: Bytes): number {
  const bytes = readSize(value);
  if (bytes >= 0) return bytes;
  throw new TypeError(
    `invalid size ${describeValue(value)}: use whole bytes as a number that is not negative, ` +
      "or text such as '512B', '64KB', '100MB', '1.5GB', '1TB' (KB or KiB is 1024 bytes)",
  );
}

/** The same without an error: NaN for other values. */
export function readSize(value: unknown): number {
  const bytes = typeof value === 'string' ? parseText(value) : value;
  return Number.isSafeInteger(bytes) && (bytes as number) >= 0 ? (bytes as number) : Number.NaN;
}

/** The shortest exact text for a whole number of bytes, `1GB`, `1536KB`, `1000B`; `parseSize` reads it back. */
export function formatSize(bytes: number): string {
  for (const unit of ['TB', 'GB', 'MB', 'KB'] as const) {
    if (bytes > 0 && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  }
  return `${bytes}B`;
}

/** Bytes, or NaN where the text is no size. */
function parseText(text: string): number {
  const match = SIZE.exec(text);
  return match === null ? Number.NaN : Math.round(Number(match[1]) * UNITS[match[2] as SizeUnit]);
}
