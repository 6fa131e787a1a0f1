/** Reads pages of dead letters: when they are asked for, and when the live data says that they have changed. */
import type { Snapshot } from '../../types.js';
import { topicsOf } from '../summary.js';
import * as api from './api.js';
import type { Filters, State } from './state.js';

/** Not again sooner by itself. */
const LEAST_MS = 2_000;
/** Reading takes a while where there are many: it takes at most such a share of the time. */
const READING_SHARE = 5;

/** Reads into `state.letters`. A newer read ends the one before it; `render` is called at the beginning and the end. */
export class LettersReader {
  readonly #state: State;
  readonly #render: () => void;
  readonly #failed: (error: unknown) => string;
  #reading: AbortController | undefined;
  /** Not again by itself before. */
  #next = 0;
  /** What the live data said of the topic when it was read. */
  #seen = '';

  /** @param failed says why, in words */
  constructor(state: State, render: () => void, failed: (error: unknown) => string) {
    this.#state = state;
    this.#render = render;
    this.#failed = failed;
  }

  /** Another topic, or other filters. */
  choose(topic: string, filters?: Filters): void {
    const { letters } = this.#state;
    if (letters.topic !== topic) letters.data = undefined;
    letters.topic = topic;
    letters.page = 0;
    letters.selected.clear();
    if (filters !== undefined) letters.filters = filters;
    this.read();
  }

  turnTo(page: number): void {
    this.#state.letters.page = page;
    this.#state.letters.selected.clear();
    this.read();
  }

  /** Reads again where the topic has changed. */
  follow(snapshot: Snapshot): void {
    const seen = this.#signOf(snapshot);
    if (seen === this.#seen || this.#reading !== undefined) return;
    if (performance.now() < this.#next) return;
    this.read();
  }

  read(): void {
    const { letters, snapshot } = this.#state;
    const { topic, page, filters } = letters;
    if (topic === undefined) return;
    if (snapshot !== undefined) this.#seen = this.#signOf(snapshot);
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const began = performance.now();
    letters.isLoading = true;
    this.#render();
    api.letters({ topic, page: String(page), ...filters }, reading.signal).then(
      (data) => {
        if (this.#reading !== reading) return;
        letters.data = data;
        letters.error = undefined;
        for (const position of letters.selected) {
          if (!data.letters.some((one) => one.position === position)) letters.selected.delete(position);
        }
        const isBehind = data.letters.length === 0 && data.total > 0 && page > 0;
        this.#ended(began);
        if (isBehind) this.turnTo(Math.ceil(data.total / data.size) - 1);
      },
      (error: unknown) => {
        if (this.#reading !== reading) return;
        letters.error = this.#failed(error);
        this.#ended(began);
      },
    );
  }

  #ended(began: number): void {
    this.#reading = undefined;
    const now = performance.now();
    this.#next = now + Math.max(LEAST_MS, READING_SHARE * (now - began));
    this.#state.letters.isLoading = false;
    this.#render();
  }

  #signOf(snapshot: Snapshot): string {
    const topic = topicsOf(snapshot).find(({ name }) => name === this.#state.letters.topic);
    return `${topic?.messages} ${topic?.waiting} ${topic?.newestAt}`;
  }
}
