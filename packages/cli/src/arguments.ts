/** Reads what people write for positions, times, headers and numbers. Pure. */
import { formatDuration, type LookFrom, parseDuration } from '@ebus/core';
import { CliError } from './errors.js';

/** `earliest`, `latest`, `3:1042` or `1042`, `group:billing`, `15m` (ago), or a date. @throws CliError */
export function parseFrom(text: string, now: number): LookFrom {
  if (text === 'earliest' || text === 'latest') return text;
  const [, group] = /^group:(.+)$/.exec(text) ?? [];
  if (group !== undefined) return { group };
  const position = parsePosition(text);
  if (position !== undefined) return position;
  if (/^[\d.]+(ms|s|m|h|d)/.test(text)) return new Date(now - duration('--from', text));
  // Node reads a date out of nearly any text that ends in a number.
  const date = new Date(/^\d{4}-\d/.test(text) ? text : Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new CliError(
    `--from '${text}': give earliest, latest, a position (3:1042), a time ago (15m), a date (2026-11-26T03:00Z) or group:<name>`,
  );
}

/** `3:1042`, or `1042` where there are no partitions; undefined for anything else. */
export function parsePosition(text: string): { partition?: number; offset: number } | undefined {
  const [, partition, offset] = /^(?:(\d+):)?(\d+)$/.exec(text) ?? [];
  if (offset === undefined) return undefined;
  return { ...(partition === undefined ? {} : { partition: Number(partition) }), offset: Number(offset) };
}

/** `name=value`. @throws CliError */
export function parseHeaders(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new CliError(`--header '${text}': write it as name=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Milliseconds. @param least what is shorter is refused; default: none. @throws CliError */
export function duration(option: string, text: string, least = 0): number {
  const ms = readable(text);
  if (ms !== undefined && ms >= least) return ms;
  const atLeast = least > 0 ? ` of at least ${formatDuration(least)}` : '';
  throw new CliError(`${option} '${text}': give a duration${atLeast} such as 500ms, 30s, 15m or 1h30m`);
}

function readable(text: string): number | undefined {
  try {
    return parseDuration(text as never);
  } catch {
    return undefined;
  }
}

/** A whole number of at least that. @throws CliError */
export function integer(option: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new CliError(`${option} '${text}': give a whole number of at least ${least}`);
}
