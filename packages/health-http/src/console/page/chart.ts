/** Lines of small charts. Pure. */

/** The path of a line through values, newest at the right edge; empty for fewer than two. From zero up. */
export function linePath(values: readonly number[], width: number, height: number, most: number): string {
  if (values.length < 2) return '';
  const top = Math.max(1, ...values);
  const step = width / (most - 1);
  const left = width - step * (values.length - 1);
  const at = (value: number, i: number) =>
    `${round(left + i * step)} ${round(height - 1 - (value / top) * (height - 2))}`;
  return `M${values.map(at).join('L')}`;
}

/** The area below such a line. */
export function areaPath(values: readonly number[], width: number, height: number, most: number): string {
  const line = linePath(values, width, height, most);
  if (line === '') return '';
  const left = width - (width / (most - 1)) * (values.length - 1);
  return `${line}L${round(width)} ${height}L${round(left)} ${height}Z`;
}

/** Whether it grows or shrinks, in words for those who do not see the line. */
export function trendOf(values: readonly number[]): 'growing' | 'shrinking' | 'steady' {
  const [first = 0] = values;
  const last = values.at(-1) ?? 0;
  const change = last - first;
  if (Math.abs(change) <= Math.max(1, 0.05 * Math.max(first, last))) return 'steady';
  return change > 0 ? 'growing' : 'shrinking';
}

const round = (value: number) => Math.round(value * 10) / 10;
