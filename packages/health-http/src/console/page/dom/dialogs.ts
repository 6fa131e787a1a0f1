/** The letter that is looked at, and questions before actions: dialogs of the browser, which Escape closes. */
import type { LetterDetails, Snapshot } from '../../types.js';
import { counted, formatBytes } from '../format.js';
import { oneLine, printable } from '../printable.js';
import { type Child, h } from './el.js';
import { nothing, trouble } from './parts.js';
import type { Does, Question, State } from './state.js';

/** Shows a dialog; `closed` is told whichever way it was closed. */
export function show(content: HTMLElement, name: string, closed: () => void): HTMLDialogElement {
  const dialog = h(
    'dialog',
    { class: name, 'aria-labelledby': `${name}-title` },
    content,
  ) as HTMLDialogElement;
  document.body.append(dialog);
  dialog.onclose = () => {
    dialog.remove();
    closed();
  };
  // A click beside it.
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  dialog.showModal();
  return dialog;
}

const close = (event: Event) => (event.currentTarget as Element).closest('dialog')?.close();

/** A question with two answers. Cancel has the focus; Escape is Cancel. */
export function questionContent(question: Question, yes: (question: Question) => void): HTMLElement {
  const { title, text, verb, isGrave } = question;
  return h(
    'div',
    {},
    h('h2', { id: 'question-title' }, title),
    h('p', {}, text),
    h(
      'div',
      { class: 'dialog-foot' },
      h('button', { type: 'button', class: 'quiet-button', autofocus: true, onclick: close }, 'Cancel'),
      h(
        'button',
        {
          type: 'button',
          class: isGrave ? 'grave' : 'main',
          onclick: (event) => {
            close(event);
            yes(question);
          },
        },
        verb,
      ),
    ),
  );
}

/** One letter with its actions, while it is read and where reading failed. */
export function letterContent(open: NonNullable<State['open']>, snapshot: Snapshot, does: Does): HTMLElement {
  const { data, error, topic, position } = open;
  return h(
    'div',
    {},
    h(
      'header',
      { class: 'dialog-head' },
      h('h2', { id: 'letter-title' }, `Dead letter ${position}`),
      h(
        'button',
        { type: 'button', class: 'quiet-button', 'aria-label': 'Close', autofocus: true, onclick: close },
        '✕',
      ),
    ),
    error !== undefined && trouble(error),
    data === undefined && error === undefined && nothing('Reading …'),
    data !== undefined && details(data, snapshot),
    data !== undefined && snapshot.allowActions && letterActions(data, topic, does),
  );
}

function details(data: LetterDetails, { traceLink }: Snapshot): HTMLElement {
  const { headers, payload, error, code, traceId } = data;
  const facts: [string, Child][] = [
    ['Topic', data.topic && oneLine(data.topic)],
    ['Position there', data.originalPosition],
    ['Group', data.group && oneLine(data.group)],
    ['Key', data.key && oneLine(data.key)],
    ['Parked key', data.parkedKey && oneLine(data.parkedKey)],
    ['Attempts', data.attempts],
    ['Failed at', data.failedAt],
    ['Published at', data.publishedAt],
    ['Message id', data.messageId && oneLine(data.messageId)],
    ['Trace', traceId && trace(traceId, traceLink)],
  ];
  return h(
    'div',
    {},
    h(
      'p',
      { class: 'error-box' },
      code && h('b', {}, `${oneLine(code)} `),
      printable(error ?? 'no error is written down'),
    ),
    h(
      'dl',
      {},
      facts.flatMap(([name, value]) => (value ? [h('dt', {}, name), h('dd', {}, value)] : [])),
    ),
    h(
      'h3',
      {},
      'Payload ',
      h('span', { class: 'note' }, `${formatBytes(payload.bytes)}${payload.cut ? ', its beginning' : ''}`),
    ),
    payloadBox(data),
    h('h3', {}, 'Headers ', h('span', { class: 'note' }, counted(headers.length, 'header'))),
    h(
      'dl',
      { class: 'headers' },
      headers.flatMap(([name, value]) => [h('dt', {}, oneLine(name)), h('dd', {}, printable(value))]),
    ),
  );
}

function payloadBox({ payload: { kind, text } }: LetterDetails): HTMLElement {
  if (kind === 'tombstone') return nothing('A tombstone: the message has no value.');
  if (kind === 'masked') return nothing('Masked: the payload cannot be shown with the configured mask.');
  const note = kind === 'bytes' && h('p', { class: 'note' }, 'No text; in base64:');
  return h('div', {}, note, h('pre', { class: 'payload-box', tabindex: 0 }, printable(text)));
}

function trace(traceId: string, link: string | undefined): Child {
  if (link === undefined) return h('code', {}, traceId);
  const href = link.replaceAll('{traceId}', encodeURIComponent(traceId));
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, traceId);
}

function letterActions(
  { position, parkedKey, key, group, topic: from }: LetterDetails,
  topic: string,
  does: Does,
): HTMLElement {
  const name = oneLine(parkedKey ?? key ?? position);
  const redrive = () =>
    does.ask({
      title: parkedKey === undefined ? 'Redrive this letter?' : `Redrive the key ${name}?`,
      text:
        parkedKey === undefined
          ? `It goes back to ${oneLine(from ?? 'its topic')}, for the group ${oneLine(group ?? 'that failed')}.`
          : 'All waiting events of the key go back in order. A member of the group must be running.',
      verb: 'Redrive',
      isGrave: false,
      body:
        parkedKey === undefined
          ? { action: 'redrive', topic, positions: [position] }
          : { action: 'redrive', topic, key: parkedKey },
    });
  const remove = () =>
    does.ask({
      title: 'Delete this letter for good?',
      text: `The event of ${name} is never handled. This cannot be undone.`,
      verb: 'Delete',
      isGrave: true,
      body: { action: 'delete', topic, position },
    });
  return h(
    'div',
    { class: 'dialog-foot' },
    h('button', { type: 'button', class: 'quiet-button danger', onclick: remove }, 'Delete …'),
    h(
      'button',
      { type: 'button', class: 'main', onclick: redrive },
      parkedKey === undefined ? 'Redrive …' : 'Redrive the key …',
    ),
  );
}
