/** The page: watches the server, draws what it says, and does what is asked. */
import { remember } from '../history.js';
import { topicsOf } from '../summary.js';
import * as api from './api.js';
import { letterContent, questionContent, show } from './dialogs.js';
import { h, morph } from './el.js';
import { lettersSection } from './letters.js';
import { LettersReader } from './letters-reader.js';
import { nothing } from './parts.js';
import { signIn } from './sign-in.js';
import { standing } from './standing.js';
import { type Does, newState } from './state.js';
import { jobs, tiles, topBar, verdict } from './top.js';
import { subscriptions, topics } from './work.js';

const AGAIN_MS = 2_000;

const state = newState();
const root = document.getElementById('app') as HTMLElement;
let letterDialog: HTMLDialogElement | undefined;

function page(): HTMLElement {
  const { snapshot, link, linkError } = state;
  if (link === 'denied') return h('main', { id: 'app' }, topBar(state), signIn(linkError, signedIn));
  if (snapshot === undefined) {
    return h('main', { id: 'app' }, topBar(state), nothing(linkError ?? 'Connecting …'));
  }
  return h(
    'main',
    { id: 'app', class: link === 'lost' ? 'is-stale' : '' },
    topBar(state),
    verdict(snapshot),
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

const reader = new LettersReader(state, render);

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
      (error: unknown) => opened(open, { error: textOf(error) }),
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
    state.problem = textOf(error);
    if (error instanceof api.ApiError && error.status === 401) state.link = 'denied';
  }
  render();
}

function textOf(error: unknown): string {
  return error instanceof api.ApiError ? error.message : 'the server could not be reached';
}

function signedIn(token: string): void {
  api.tokens.keep(token);
  state.link = 'connecting';
  state.linkError = undefined;
  render();
  void live();
}

async function live(): Promise<void> {
  for (;;) {
    try {
      await api.watch((snapshot) => {
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
      });
      state.link = 'lost';
    } catch (error) {
      if (error instanceof api.ApiError && error.status === 401) {
        const hadToken = api.tokens.get() !== null;
        api.tokens.drop();
        state.link = 'denied';
        state.linkError = hadToken ? 'This is not the token.' : undefined;
        render();
        return;
      }
      state.link = 'lost';
      state.linkError = textOf(error);
    }
    render();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

api.tokens.take();
render();
void live();
