/** Subscriptions, and topics with their groups. */
import type { GroupView, Snapshot, SubscriptionView, TopicView } from '../../types.js';
import { counted, formatAge, formatBytes, formatCount, formatRate, formatSpan } from '../format.js';
import { lagId, rateId } from '../history.js';
import { oneLine } from '../printable.js';
import { topicsOf } from '../summary.js';
import { type Child, h } from './el.js';
import { cell, nothing, section, sparkline, trouble } from './parts.js';
import type { Does, State } from './state.js';

/** A row for each subscription of the process. */
export function subscriptions({ snapshot, history }: State): Child {
  const all = snapshot?.subscriptions ?? [];
  const none = 'This process has no subscriptions. Open the console of the service to see them.';
  const heads = ['Topic', 'Group', 'A second', 'In flight', 'Oldest', 'Handled', 'Failed', 'Retried', 'Dead'];
  return section(
    'subscriptions',
    'Subscriptions',
    counted(all.length, 'subscription'),
    all.length === 0
      ? nothing(none)
      : table(
          heads,
          all.map((one) => subscriptionRow(one, history)),
        ),
  );
}

function table(heads: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  return h(
    'table',
    {},
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        heads.map((head, i) => h('th', { scope: 'col', class: i > 1 ? 'number' : '' }, head)),
      ),
    ),
    h('tbody', {}, rows),
  );
}

function subscriptionRow(one: SubscriptionView, history: State['history']): HTMLElement {
  const { topic, group, perSecond, inFlight, running, oldestMs, paused } = one;
  const { handled, failedAttempts, retried, deadLettered } = one;
  const number = { class: 'number' };
  const warned = (count: number) => ({ class: `number${count > 0 ? ' is-warned' : ''}` });
  return h(
    'tr',
    { 'data-key': `${topic}\n${group}` },
    cell('Topic', { class: 'name' }, oneLine(topic), paused && h('span', { class: 'chip' }, 'paused')),
    cell('Group', { class: 'name' }, oneLine(group)),
    cell(
      'A second',
      { class: 'number with-spark' },
      h(
        'div',
        {},
        sparkline(history.get(rateId(topic, group)) ?? [], `messages a second of ${group}`),
        h('span', {}, formatRate(perSecond)),
      ),
    ),
    cell('In flight', number, formatCount(inFlight), h('small', {}, ` ${formatCount(running)} running`)),
    cell('Oldest', number, inFlight === 0 ? '–' : formatSpan(oldestMs)),
    cell('Handled', number, formatCount(handled)),
    cell('Failed', warned(failedAttempts), formatCount(failedAttempts)),
    cell('Retried', number, formatCount(retried)),
    cell('Dead', warned(deadLettered), formatCount(deadLettered)),
  );
}

/** A card for each topic with its groups; the last known ones while the broker does not answer. */
export function topics(state: State, does: Does): Child {
  const { snapshot } = state;
  if (snapshot === undefined) return false;
  const { broker } = snapshot;
  const all = topicsOf(snapshot);
  const more = 'value' in broker ? (broker.value?.more ?? 0) : 0;
  const note = `${counted(all.length, 'topic')}${more > 0 ? `, ${formatCount(more)} more are not shown` : ''}`;
  return section(
    'topics',
    'Topics and groups',
    note,
    broker.state === 'waiting' && nothing('Asking the broker …'),
    broker.state === 'unsupported' && nothing(`Not to be had on this transport: ${oneLine(broker.reason)}`),
    broker.state === 'failed' && trouble(`The broker was asked and did not answer: ${broker.reason}`),
    broker.state === 'failed' &&
      all.length > 0 &&
      h('p', { class: 'note pad' }, `As of ${formatAge(broker.at ?? snapshot.at, snapshot.at)}:`),
    broker.state === 'ok' && all.length === 0 && nothing('The broker has no topics.'),
    all.length > 0 &&
      h(
        'div',
        { class: 'topics' },
        all.map((topic) => topicCard(topic, state, snapshot, does)),
      ),
  );
}

function topicCard(topic: TopicView, state: State, snapshot: Snapshot, does: Does): HTMLElement {
  const { name, messages, bytes, newestAt, partitions, waiting, groups, groupsError } = topic;
  const facts = [
    messages === null ? undefined : counted(messages, 'message'),
    bytes === null ? undefined : formatBytes(bytes),
    partitions > 1 ? counted(partitions, 'partition') : undefined,
    newestAt === undefined ? undefined : `newest ${formatAge(newestAt, snapshot.at)}`,
  ].filter((fact) => fact !== undefined);
  return h(
    'article',
    { class: 'topic', 'data-key': name },
    h(
      'div',
      { class: 'topic-head' },
      h('h3', {}, oneLine(name)),
      h('span', { class: 'note' }, facts.join(' · ')),
    ),
    waiting !== undefined &&
      h(
        'button',
        {
          type: 'button',
          class: `quiet-button${waiting > 0 ? ' is-warned' : ''}`,
          onclick: () => does.showLetters(name),
        },
        waiting === 0 ? 'no dead letters' : counted(waiting, 'dead letter'),
      ),
    groupsError !== undefined && trouble(groupsError),
    groups.length > 0 &&
      h(
        'ul',
        { class: 'groups' },
        groups.map((group) => groupRow(name, group, state)),
      ),
    waiting === undefined &&
      groups.length === 0 &&
      groupsError === undefined &&
      h('p', { class: 'note' }, 'no groups'),
  );
}

function groupRow(
  topic: string,
  { group, byEbus, members, lag, unsettled }: GroupView,
  { history }: State,
): HTMLElement {
  const isAlone = members === 0;
  return h(
    'li',
    { 'data-key': group },
    h(
      'span',
      { class: 'name' },
      oneLine(group),
      !byEbus && h('span', { class: 'chip' }, 'not of ebus'),
      isAlone && h('span', { class: `chip${lag > 0 ? ' is-warned' : ''}` }, 'no members'),
    ),
    sparkline(history.get(lagId(topic, group)) ?? [], `lag of ${group}`),
    h('b', { class: lag > 0 ? 'lag' : 'lag is-zero' }, formatCount(lag)),
    h(
      'small',
      {},
      unsettled === null || unsettled === 0 ? 'behind' : `behind, ${formatCount(unsettled)} unsettled`,
    ),
  );
}
