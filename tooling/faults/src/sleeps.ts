/** When processes slept: stopped by the nemesis, or not given the processor. What runs in one meanwhile cannot know that time passes. */
import type { Line } from './fleet.js';

/** Events of a process's history: it is stopped (SIGSTOP), it goes on, it notices that it did not run for so many milliseconds. */
export const SLEEPS = 'sleeps';
export const WAKES = 'wakes';
export const stalled = (ms: number) => `stalled ${Math.round(ms)}`;
const STALLED = /^stalled (\d+)$/;

interface Sleep {
  readonly from: number;
  to: number;
}

export class Sleeps {
  readonly #times = new Map<string, Sleep[]>();

  /** @param lines sorted by time */
  constructor(lines: readonly Line[]) {
    for (const [who, at, kind, text] of lines) {
      if (kind !== 'event') continue;
      const times = this.#times.get(who) ?? [];
      const stall = STALLED.exec(text)?.[1];
      const last = times.at(-1);
      if (text === SLEEPS) times.push({ from: at, to: Number.POSITIVE_INFINITY });
      else if (text === WAKES && last !== undefined) last.to = at;
      else if (stall !== undefined) times.push({ from: at - Number(stall), to: at });
      if (times.length > 0) this.#times.set(who, times);
    }
  }

  /** The longest sleep of a process within that time, in milliseconds. */
  longest(who: string, begin: number, end: number): number {
    const times = this.#times.get(who) ?? [];
    return Math.max(0, ...times.map(({ from, to }) => Math.min(to, end) - Math.max(from, begin)));
  }
}
