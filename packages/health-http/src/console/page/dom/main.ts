/** The page: watches the server, draws what it says, and does what is asked. */
import type { Snapshot } from '../../types.js';
import { remember } from '../history.js';
import { topicsOf } from '../summary.js';
import * as api from './api.js';
import { letterContent, questionContent, show } from './dialogs.js';
import { h, morph } from './el.js';
import { lettersSection } from './letters.js';
import { LettersReader } from './letters-reader.js';
import { nothing } from './parts.js';
import { signInForm } from './sign-in.js';
import { standing } from './standing.js';
import { type Does, newState } from './state.js';
import { jobs, tiles, topBar, verdict } from './top.js';
import { subscriptions, topics } from './work.js';

const AGAIN_MS = 2_000;

const state = newState();
const root = document.getElementById('app') as HTMLElement;
let letterDialog: HTMLDialogElement | undefined;
let watching = new AbortController();

function page(): HTMLElement {
  const { snapshot, link, linkError } = state;
  if (link === 'denied') return h('main', { id: 'app' }, topBar(state), signInForm(linkError, signIn));
  if (snapshot === undefined) {
    return h('main', { id: 'app' }, topBar(state), nothing(linkError ?? 'Connecting …'));
  }
  return h(
    'main',
    { id: 'app', class: link === 'lost' ? 'is-stale' : '' },
    topBar(state),
    verdict(snapshot, state),
    tiles(snapshot),
    jobs(snapshot, state.problem) ||
      h('section', { class: 'jobs', 'data-key': 'jobs', 'aria-live': 'polite' }),
    standing(snapshot, does),
    subscriptions(state),
    topics(state, does),
    lettersSection(state, does),
  );
}

function render(): void {
  morph(root, page());
  const { open, snapshot } = state;
  if (letterDialog !== undefined && open !== undefined && snapshot !== undefined) {
    const [content] = letterDialog.children;
    if (content !== undefined) morph(content, letterContent(open, snapshot, does));
  }
}

const reader = new LettersReader(state, render, failure);

const does: Does = {
  render,
  ask(question) {
    state.question = question;
    show(
      questionContent(question, (asked) => void act(asked.body)),
      'question',
      () => {
        state.question = undefined;
      },
    );
  },
  openLetter(topic, position) {
    if (state.snapshot === undefined) return;
    const open = { topic, position, data: undefined, error: undefined };
    state.open = open;
    letterDialog = show(letterContent(open, state.snapshot, does), 'letter', () => {
      letterDialog = undefined;
      state.open = undefined;
    });
    api.letter(topic, position).then(
      (data) => opened(open, { data }),
      (error: unknown) => opened(open, { error: failure(error) }),
    );
  },
  showLetters(topic, filters = {}) {
    reader.choose(topic, { key: '', group: '', errorCode: '', ...filters });
    document.getElementById('letters')?.scrollIntoView({ block: 'start' });
  },
  turnTo: (to) => reader.turnTo(to),
  filter: (filters) => reader.choose(state.letters.topic as string, filters),
  select(position, isSelected) {
    if (isSelected) state.letters.selected.add(position);
    else state.letters.selected.delete(position);
    render();
  },
  selectAll(isSelected) {
    const { data, selected } = state.letters;
    selected.clear();
    if (isSelected)
      for (const one of data?.letters ?? []) if (one.parkedKey === undefined) selected.add(one.position);
    render();
  },
  refresh: () => reader.read(),
};

function opened(
  open: NonNullable<typeof state.open>,
  changes: Partial<NonNullable<typeof state.open>>,
): void {
  if (state.open !== open) return;
  Object.assign(open, changes);
  render();
}

async function act(body: object): Promise<void> {
  state.problem = undefined;
  try {
    await api.act(body);
    letterDialog?.close();
    state.letters.selected.clear();
    reader.read();
  } catch (error) {
    state.problem = failure(error);
  }
  render();
}

/** In words. A token that is not taken any more is asked for again. */
function failure(error: unknown): string {
  if (!(error instanceof api.ApiError)) return 'the server could not be reached';
  if (error.status === 401) signOut();
  return error.message;
}

function signOut(): void {
  state.linkError = api.tokens.get() === null ? undefined : 'This is not the token.';
  state.link = 'denied';
  api.tokens.drop();
  watching.abort();
}

function signIn(token?: string): void {
  if (token !== undefined) api.tokens.keep(token);
  state.link = 'connecting';
  state.linkError = undefined;
  render();
  void live();
}

/** One stream at a time: the one before ends. */
async function live(): Promise<void> {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  while (!signal.aborted) {
    try {
      await api.watch(told, signal);
      state.linkError = undefined;
    } catch (error) {
      const reason = failure(error);
      if (!signal.aborted) state.linkError = reason;
    }
    // Signed out, or another stream has begun.
    if (!signal.aborted) state.link = 'lost';
    render();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function told(snapshot: Snapshot): void {
  state.link = 'live';
  state.linkError = undefined;
  state.snapshot = snapshot;
  state.history = remember(state.history, snapshot);
  if (state.letters.topic === undefined) {
    const first = topicsOf(snapshot).find(({ waiting = 0 }) => waiting > 0);
    if (first !== undefined) reader.choose(first.name);
  }
  reader.follow(snapshot);
  render();
}

api.tokens.take();
// A new address of the command, in the tab of the old one.
addEventListener('hashchange', () => {
  if (api.tokens.take()) signIn();
});
signIn();
