/** What the page asks its server: its own origin alone. */
import type { JobView, LetterDetails, LettersPage, Snapshot } from '../../types.js';
import { EventReader } from '../sse.js';

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const KEPT = 'ebus-console-token';
/** Silence after which the stream is opened anew. */
const SILENCE_MS = 20_000;

/** Of this tab alone: gone when it is closed. */
export const tokens = {
  /** A token in the address (`#token=…`, which no server sees) is taken out of it. True where there was one. */
  take(): boolean {
    const [, given] = /^#token=(.+)$/.exec(location.hash) ?? [];
    if (given === undefined) return false;
    // Unlike decodeURIComponent, it does not throw for a percent sign that stands for itself.
    const token =
      new URLSearchParams(`token=${given.replace(/[+&]/g, encodeURIComponent)}`).get('token') ?? '';
    tokens.keep(token);
    history.replaceState(null, '', location.pathname);
    return true;
  },
  keep(token: string): void {
    sessionStorage.setItem(KEPT, token);
  },
  get(): string | null {
    return sessionStorage.getItem(KEPT);
  },
  drop(): void {
    sessionStorage.removeItem(KEPT);
  },
};

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const token = tokens.get();
  const base = `${location.pathname.replace(/\/+$/, '')}/api/`;
  const response = await fetch(base + path, {
    ...init,
    cache: 'no-store',
    redirect: 'error',
    headers: {
      ...(init.headers as Record<string, string>),
      'X-Ebus-Console': '1',
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
  });
  if (response.ok) return response;
  const body: { error?: unknown } = await response.json().catch(() => ({}));
  throw new ApiError(
    response.status,
    typeof body.error === 'string' ? body.error : `status ${response.status}`,
  );
}

/** A page of letters. @throws ApiError, and errors of the network; so do the others */
export async function letters(query: Record<string, string>, signal: AbortSignal): Promise<LettersPage> {
  return (await ask(`letters?${new URLSearchParams(query)}`, { signal })).json();
}

/** One letter wholly; ApiError 404 where it is gone. */
export async function letter(topic: string, position: string): Promise<LetterDetails> {
  return (await ask(`letter?${new URLSearchParams({ topic, position })}`)).json();
}

/** Begins an action. It is answered after 3 s at the latest; a longer one goes on, and its outcome is in the snapshots. */
export async function act(action: object): Promise<JobView> {
  const headers = { 'Content-Type': 'application/json' };
  return (await ask('actions', { method: 'POST', headers, body: JSON.stringify(action) })).json();
}

/** Snapshots until the stream ends, or the signal aborts. @throws ApiError, and errors of the network */
export async function watch(told: (snapshot: Snapshot) => void, signal: AbortSignal): Promise<void> {
  const silent = new AbortController();
  signal.addEventListener('abort', () => silent.abort(), { once: true });
  let timer = setTimeout(() => silent.abort(), SILENCE_MS);
  try {
    const response = await ask('live', { signal: silent.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader();
    while (reader !== undefined) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE_MS);
      for (const data of events.read(value)) told(JSON.parse(data));
    }
  } finally {
    clearTimeout(timer);
  }
}
