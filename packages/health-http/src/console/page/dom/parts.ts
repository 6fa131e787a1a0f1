/** Pieces that sections share. */
import type { PayloadView } from '../../types.js';
import { areaPath, linePath, trendOf } from '../chart.js';
import { formatBytes } from '../format.js';
import { MOST_VALUES } from '../history.js';
import { oneLine } from '../printable.js';
import { type Child, h, svg } from './el.js';

const WIDTH = 96;
const HEIGHT = 22;

/** A small line of the last minute and a half. */
export function sparkline(values: readonly number[], what: string): Child {
  return svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': `${what}: ${trendOf(values)}`,
    },
    svg('path', { class: 'spark-area', d: areaPath(values, WIDTH, HEIGHT, MOST_VALUES) }),
    svg('path', { class: 'spark-line', d: linePath(values, WIDTH, HEIGHT, MOST_VALUES) }),
  );
}

/** A cell that says its column on narrow screens. */
export function cell(label: string, props: Record<string, string>, ...children: Child[]): HTMLElement {
  return h('td', { 'data-label': label, ...props }, ...children);
}

/** A card with a title; `id` is the anchor that tiles lead to. */
export function section(
  id: string,
  title: string,
  note: Child,
  ...children: (Child | readonly Child[])[]
): HTMLElement {
  return h(
    'section',
    { id, class: 'card', 'data-key': id, 'aria-labelledby': `${id}-title` },
    h(
      'header',
      { class: 'card-head' },
      h('h2', { id: `${id}-title` }, title),
      h('span', { class: 'note' }, note),
    ),
    ...children,
  );
}

/** A sentence where there is nothing to show. */
export const nothing = (text: string) => h('p', { class: 'empty' }, text);

/** A failure, told to screen readers at once. */
export const trouble = (text: string) => h('p', { class: 'trouble', role: 'alert' }, oneLine(text));

/** A payload on one line. */
export function preview({ kind, text, bytes, cut }: PayloadView): Child {
  if (kind === 'tombstone') return h('span', { class: 'quiet' }, 'tombstone');
  if (kind === 'masked') return h('span', { class: 'quiet' }, `masked, ${formatBytes(bytes)}`);
  if (kind === 'bytes') return h('span', { class: 'quiet' }, `${formatBytes(bytes)}, no text`);
  return h('code', { class: 'payload' }, oneLine(text), cut && ` … ${formatBytes(bytes)}`);
}
