/** Keys that stand still: halted in this process, or parked among the dead letters. */
import type { HaltedView, ParkedView, Snapshot } from '../../types.js';
import { counted, formatAge, formatSpan } from '../format.js';
import { oneLine } from '../printable.js';
import { standingKeys } from '../summary.js';
import { type Child, h } from './el.js';
import { nothing, preview, section, trouble } from './parts.js';
import type { Does } from './state.js';

/** Halted keys first: they are this process's. Buttons only where the console may act. */
export function standing(snapshot: Snapshot, does: Does): HTMLElement {
  const { halted, haltedMore, parked, at, allowActions } = snapshot;
  const keys = 'value' in parked ? (parked.value ?? []) : [];
  const isNone = halted.length === 0 && keys.length === 0;
  return section(
    'standing',
    'Keys that stand still',
    counted(standingKeys(snapshot), 'key'),
    parked.state === 'failed' && trouble(`The parked keys could not be read: ${parked.reason}`),
    isNone && nothing('No key is halted here, and none is parked.'),
    h(
      'ul',
      { class: 'stack' },
      halted.map((one) => haltedItem(one, allowActions, does)),
      keys.map((one) => parkedItem(one, at, allowActions, does)),
    ),
    haltedMore > 0 && nothing(`${counted(haltedMore, 'further key')} halted here are not shown.`),
  );
}

function item(
  key: string,
  title: string,
  kind: string,
  where: string,
  error: string,
  rest: Child[],
  actions: Child,
): HTMLElement {
  return h(
    'li',
    { class: 'standing', 'data-key': key },
    h(
      'div',
      { class: 'standing-head' },
      h('span', { class: 'chip is-warned' }, kind),
      h('b', {}, title),
      h('span', { class: 'note' }, where),
    ),
    h('p', { class: 'error' }, oneLine(error)),
    h(
      'div',
      { class: 'standing-foot' },
      h('span', { class: 'note' }, ...rest),
      h('span', { class: 'buttons' }, actions),
    ),
  );
}

function haltedItem(
  { topic, group, key, position, error, attempts, ageMs, payload }: HaltedView,
  mayAct: boolean,
  does: Does,
): HTMLElement {
  const name = key === '' ? 'the whole subscription' : oneLine(key);
  // The message that is asked about: another one of the key may stand still by then.
  const body = { topic, group, position, ...(key === '' ? {} : { key }) };
  const buttons = h(
    'span',
    { class: 'buttons' },
    h(
      'button',
      {
        type: 'button',
        onclick: () =>
          does.ask({
            title: `Try ${name} again?`,
            text: 'The message gets its attempts afresh. Later messages of the key follow it.',
            verb: 'Retry',
            isGrave: false,
            body: { action: 'retry', ...body },
          }),
      },
      'Retry',
    ),
    h(
      'button',
      {
        type: 'button',
        onclick: () =>
          does.ask({
            title: `Skip this message of ${name}?`,
            text: 'It becomes a dead letter, and the key goes on without it.',
            verb: 'Skip',
            isGrave: true,
            body: { action: 'skip', ...body },
          }),
      },
      'Skip',
    ),
  );
  const rest = [
    `${counted(attempts, 'attempt')} · for ${formatSpan(ageMs)} · at ${position} · `,
    preview(payload),
  ];
  return item(
    `halted ${topic} ${group} ${position}`,
    name,
    'halted',
    `${oneLine(topic)} · ${oneLine(group)}`,
    error,
    rest,
    mayAct && buttons,
  );
}

function parkedItem(
  { topic, deadLetterTopic, group, key, letters, since, code, error }: ParkedView,
  now: string,
  mayAct: boolean,
  does: Does,
): HTMLElement {
  const buttons = h(
    'span',
    { class: 'buttons' },
    h(
      'button',
      { type: 'button', onclick: () => does.showLetters(deadLetterTopic, { key, group }) },
      'Letters',
    ),
    mayAct &&
      h(
        'button',
        {
          type: 'button',
          onclick: () =>
            does.ask({
              title: `Redrive the key ${oneLine(key)}?`,
              text: `${counted(letters, 'event')} go back to ${oneLine(topic)} in order, for the group ${oneLine(group)}. A member of the group must be running.`,
              verb: 'Redrive',
              isGrave: false,
              body: { action: 'redrive', topic: deadLetterTopic, key },
            }),
        },
        'Redrive',
      ),
  );
  const age = since === undefined ? '' : ` · ${formatAge(since, now)}`;
  const rest = [`${counted(letters, 'event')} wait${age}${code === undefined ? '' : ` · ${oneLine(code)}`}`];
  return item(
    `parked ${topic} ${group} ${key}`,
    oneLine(key),
    'parked',
    `${oneLine(topic)} · ${oneLine(group)}`,
    error ?? '',
    rest,
    buttons,
  );
}
