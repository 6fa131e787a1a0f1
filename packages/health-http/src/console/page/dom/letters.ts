/** Dead letters: a page of them, filters, and what can be done. */
import type { LettersPage, LetterView, Snapshot, TopicView } from '../../types.js';
import { counted, formatAge, formatCount } from '../format.js';
import { oneLine } from '../printable.js';
import { topicsOf, waitingLetters } from '../summary.js';
import { type Child, h } from './el.js';
import { cell, nothing, preview, section, trouble } from './parts.js';
import type { Does, Filters, Letters, State } from './state.js';

/** Tabs of the dead-letter topics, filters, and the chosen topic's page of letters. */
export function lettersSection({ letters, snapshot }: State, does: Does): Child {
  if (snapshot === undefined) return false;
  const places = topicsOf(snapshot).filter(({ waiting }) => waiting !== undefined);
  const { data, error, isLoading, topic } = letters;
  return section(
    'letters',
    'Dead letters',
    counted(waitingLetters(snapshot), 'letter'),
    places.length === 0 && nothing('There is no dead-letter topic.'),
    places.length > 0 &&
      h(
        'div',
        { class: 'tabs' },
        places.map((place) => tab(place, topic, does)),
      ),
    topic !== undefined && filterForm(letters, does),
    error !== undefined && trouble(error),
    data !== undefined && list(data, letters, snapshot, does),
    data === undefined && isLoading && nothing('Reading …'),
  );
}

function tab({ name, waiting = 0 }: TopicView, chosen: string | undefined, does: Does): HTMLElement {
  return h(
    'button',
    {
      type: 'button',
      'data-key': name,
      class: 'tab',
      'aria-pressed': String(name === chosen),
      onclick: () => does.showLetters(name),
    },
    oneLine(name),
    h('span', { class: `count${waiting > 0 ? ' is-warned' : ''}` }, formatCount(waiting)),
  );
}

function filterForm({ filters, isLoading }: Letters, does: Does): HTMLElement {
  const field = (name: keyof Filters, label: string) =>
    h(
      'label',
      {},
      label,
      h('input', { name, value: filters[name], autocomplete: 'off', spellcheck: 'false', maxlength: 255 }),
    );
  return h(
    'form',
    {
      class: 'filters',
      onsubmit: (event) => {
        event.preventDefault();
        const values = new FormData(event.currentTarget as HTMLFormElement);
        const text = (name: string) => String(values.get(name) ?? '').trim();
        does.filter({ key: text('key'), group: text('group'), errorCode: text('errorCode') });
      },
    },
    field('key', 'Key'),
    field('group', 'Group'),
    field('errorCode', 'Error code'),
    h('button', { type: 'submit' }, 'Find'),
    h(
      'button',
      { type: 'button', class: 'quiet-button', onclick: () => does.refresh() },
      isLoading ? 'Reading …' : 'Read again',
    ),
  );
}

function list(data: LettersPage, letters: Letters, snapshot: Snapshot, does: Does): HTMLElement {
  const { letters: rows, total, isMore } = data;
  if (total === 0) return nothing('No dead letter fits. All is well here.');
  const mayAct = snapshot.allowActions;
  const { selected, filters } = letters;
  const all = rows.every(({ position }) => selected.has(position));
  const box = h('input', {
    type: 'checkbox',
    'aria-label': 'Select all of this page',
    checked: all && rows.length > 0,
    onchange: (event) => does.selectAll((event.currentTarget as HTMLInputElement).checked),
  });
  const heads = ['Failed', 'Key', 'Error', 'Tries', 'Group', 'Payload'];
  const isFiltered = Object.values(filters).some((value) => value !== '');
  return h(
    'div',
    {},
    mayAct && actionsBar(data, selected, isFiltered, does),
    h(
      'table',
      { class: 'letters' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          mayAct && h('th', { class: 'tick' }, box),
          heads.map((head) => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) => letterRow(row, data.topic, selected, snapshot, does)),
      ),
    ),
    pager(data, isMore, does),
  );
}

function actionsBar(
  data: LettersPage,
  selected: ReadonlySet<string>,
  isFiltered: boolean,
  does: Does,
): HTMLElement {
  const { topic, total } = data;
  const positions = [...selected];
  const some = () =>
    does.ask({
      title: `Redrive ${counted(positions.length, 'letter')}?`,
      text: 'They go back to the topic that they came from, oldest first, for the group that failed.',
      verb: 'Redrive',
      isGrave: false,
      body: { action: 'redrive', topic, positions },
    });
  const every = () =>
    does.ask({
      title: `Redrive all ${counted(total, 'letter')}?`,
      text: `All letters of ${oneLine(topic)} go back, oldest first, also those that come in until then. Fix the cause first.`,
      verb: 'Redrive all',
      isGrave: true,
      body: { action: 'redrive', topic, all: true },
    });
  return h(
    'div',
    { class: 'bar-of-actions' },
    h(
      'button',
      { type: 'button', disabled: positions.length === 0, onclick: some },
      `Redrive selected (${positions.length})`,
    ),
    !isFiltered && h('button', { type: 'button', class: 'quiet-button', onclick: every }, 'Redrive all …'),
  );
}

function letterRow(
  row: LetterView,
  topic: string,
  selected: ReadonlySet<string>,
  { allowActions, at }: Snapshot,
  does: Does,
): HTMLElement {
  const { position, key, parkedKey, error, code, attempts, group, failedAt, payload } = row;
  const tick = h('input', {
    type: 'checkbox',
    'aria-label': `Select the letter at ${position}`,
    checked: selected.has(position),
    disabled: parkedKey !== undefined,
    onchange: (event) => does.select(position, (event.currentTarget as HTMLInputElement).checked),
  });
  return h(
    'tr',
    { 'data-key': position },
    allowActions && cell('', { class: 'tick' }, tick),
    cell(
      'Failed',
      { class: 'when' },
      h(
        'button',
        {
          type: 'button',
          class: 'row-link',
          title: failedAt ?? '',
          'aria-label': `Open the letter at ${position}`,
          onclick: () => does.openLetter(topic, position),
        },
        failedAt === undefined ? position : formatAge(failedAt, at),
      ),
    ),
    cell(
      'Key',
      { class: 'name' },
      oneLine(parkedKey ?? key ?? '–'),
      parkedKey !== undefined && h('span', { class: 'chip is-warned' }, 'parked'),
    ),
    cell('Error', { class: 'error' }, h('span', { class: 'clamp' }, oneLine(error ?? code ?? '–'))),
    cell('Tries', {}, attempts === null ? '–' : String(attempts)),
    cell('Group', { class: 'name' }, oneLine(group ?? '–')),
    cell('Payload', { class: 'of-payload' }, preview(payload)),
  );
}

function pager({ page, total, size, letters }: LettersPage, isMore: boolean, does: Does): HTMLElement {
  const last = Math.max(0, Math.ceil(total / size) - 1);
  const from = page * size + 1;
  const turn = (text: string, label: string, to: number, isOff: boolean) =>
    h(
      'button',
      {
        type: 'button',
        class: 'quiet-button',
        'aria-label': label,
        disabled: isOff,
        onclick: () => does.turnTo(to),
      },
      text,
    );
  const range = letters.length === 0 ? '–' : `${formatCount(from)}–${formatCount(from + letters.length - 1)}`;
  return h(
    'div',
    { class: 'pager' },
    turn('«', 'First page', 0, page === 0),
    turn('‹', 'Page before', page - 1, page === 0),
    h('span', { class: 'note' }, `${range} of ${formatCount(total)}${isMore ? '+' : ''}`),
    turn('›', 'Next page', page + 1, page >= last),
    turn('»', 'Last page', last, page >= last),
  );
}
