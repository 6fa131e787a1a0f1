/** Sizes, times and positions as people write them. Pure. */
import { formatDuration, type OffsetValue } from '@ebus/core';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Binary multiples, as in the configuration. */
export function formatBytes(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** Milliseconds with the two largest units; undefined for no limit. */
export function formatLimit(ms: number | undefined): string | undefined {
  return ms === undefined || ms === 0 ? undefined : formatDuration(Math.round(ms));
}

/** How long ago, to the second. */
export function formatAge(at: Date | undefined, now: number): string | undefined {
  if (at === undefined) return undefined;
  const seconds = Math.max(0, Math.round((now - at.getTime()) / 1_000));
  return `${formatDuration(seconds < 120 ? seconds * 1_000 : Math.round(seconds / 60) * 60_000)} ago`;
}

/** `3:1042`, `1042`. */
export function formatPlace(position: { partition?: number; offset: OffsetValue } | undefined): string {
  if (position === undefined) return '-';
  const { partition, offset } = position;
  return partition === undefined ? String(offset) : `${partition}:${offset}`;
}
