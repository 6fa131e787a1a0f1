/** The top of the page: who, how it is, and the figures that matter. */
import type { JobView, Snapshot } from '../../types.js';
import { counted, formatAge, formatCount, formatRate } from '../format.js';
import { oneLine } from '../printable.js';
import { lostVerdict, standingKeys, totalLag, verdictOf, waitingLetters } from '../summary.js';
import { type Child, h } from './el.js';
import { trouble } from './parts.js';
import type { State } from './state.js';

const LINKS = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  denied: 'signed out',
};

/** Whose page it is, and whether it is live. */
export function topBar({ snapshot, link }: State): HTMLElement {
  return h(
    'header',
    { class: 'bar', 'data-key': 'bar' },
    h('span', { class: 'mark' }, 'ebus'),
    snapshot && h('span', { class: 'service' }, oneLine(snapshot.service)),
    snapshot && h('span', { class: 'chip' }, snapshot.transport),
    snapshot && !snapshot.allowActions && h('span', { class: 'chip', title: 'Actions are off' }, 'read-only'),
    h('span', { class: `link link-${link}`, role: 'status' }, LINKS[link]),
  );
}

/** One sentence on the health of the bus, with its reasons. */
export function verdict(
  snapshot: Snapshot,
  { link, linkError }: Pick<State, 'link' | 'linkError'>,
): HTMLElement {
  const isLost = link === 'lost';
  const { status, sentence, reasons } = isLost ? lostVerdict(snapshot, linkError) : verdictOf(snapshot);
  return h(
    'section',
    { class: `verdict is-${status}`, id: 'health', 'data-key': 'verdict', 'aria-label': 'Health' },
    h('span', { class: 'lamp', 'aria-hidden': 'true' }),
    h(
      'div',
      {},
      h('h1', {}, sentence),
      reasons.length > 0 &&
        h(
          'ul',
          {},
          reasons.map((reason) => h('li', {}, oneLine(reason))),
        ),
    ),
  );
}

/** The figures that matter; each leads to its section. */
export function tiles(snapshot: Snapshot): HTMLElement {
  const { subscriptions } = snapshot;
  const rate = subscriptions.reduce((sum, { perSecond }) => sum + (perSecond ?? 0), 0);
  const inFlight = subscriptions.reduce((sum, one) => sum + one.inFlight, 0);
  const standing = standingKeys(snapshot);
  const letters = waitingLetters(snapshot);
  const tile = (to: string, label: string, value: string, isBad = false) =>
    h(
      'a',
      { class: `tile${isBad ? ' is-bad' : ''}`, href: `#${to}` },
      h('b', {}, value),
      h('span', {}, label),
    );
  return h(
    'nav',
    { class: 'tiles', 'data-key': 'tiles', 'aria-label': 'Overview' },
    tile('subscriptions', 'handled a second', formatRate(rate)),
    tile('subscriptions', 'in flight', formatCount(inFlight)),
    tile('topics', 'behind, all groups', formatCount(totalLag(snapshot))),
    tile('standing', 'keys stand still', formatCount(standing), standing > 0),
    tile('letters', 'dead letters', formatCount(letters), letters > 0),
  );
}

const SHOWN_JOBS = 5;

/** The last actions with their outcomes; `problem` says why one did not begin. */
export function jobs({ jobs: all, at }: Snapshot, problem: string | undefined): Child {
  if (all.length === 0 && problem === undefined) return false;
  return h(
    'section',
    { class: 'jobs', 'data-key': 'jobs', 'aria-label': 'Actions', 'aria-live': 'polite' },
    problem !== undefined && trouble(problem),
    h(
      'ol',
      {},
      all.slice(0, SHOWN_JOBS).map((job) => jobRow(job, at)),
    ),
  );
}

function jobRow(
  { id, action, topic, about, state, startedAt, outcome, progress }: JobView,
  now: string,
): HTMLElement {
  const done =
    progress === undefined
      ? ''
      : ` ${formatCount(progress.redriven)} of ${counted(progress.total, 'letter')}`;
  return h(
    'li',
    { class: `job is-${state}`, 'data-key': id },
    h('b', {}, action),
    h('span', {}, `${oneLine(topic)} · ${oneLine(about)}`),
    h('span', { class: 'outcome' }, state === 'running' ? `under way …${done}` : oneLine(outcome)),
    h('span', { class: 'note' }, formatAge(startedAt, now)),
  );
}
