/** Figures and times as people read them. Pure. */

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat('en');

/** `1,234`; from 100,000 up `123.5K`. */
export function formatCount(count: number): string {
  return count < 100_000 ? WHOLE.format(Math.round(count)) : COMPACT.format(count);
}

/** `0.4`, `12`. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return '–';
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond);
}

const SIZES = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Binary multiples. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < SIZES.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${SIZES[unit]}`;
}

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** The two largest units: `1h 5m`, `12s`, `40ms`. */
export function formatSpan(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  const first = SPANS.findIndex(([, size]) => ms >= size);
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of SPANS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
}

/** `2m 5s ago`, by the server's clock. */
export function formatAge(at: string, now: string): string {
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : `${formatSpan(ms)} ago`;
}

/** One or many: `1 letter`, `3 letters`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
