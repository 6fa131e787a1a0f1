/** A broken seed for people: what broke, the shortest history, and how to replay it. */
import type { BrokenSeed } from './simulate.js';

/** Several lines. Each line of the history is a time in virtual milliseconds, who, and what. */
export function explain({ seed, broker, problems, history, cut }: BrokenSeed): string {
  const replay = { seeds: 1, from: seed, broker, cut };
  return [
    `Seed ${seed} on the ${broker} broker breaks a promise:`,
    ...problems.map(({ kind, text }) => `  ${kind}: ${text}`),
    'Its shortest history (virtual milliseconds, who, what):',
    ...history.map((line) => `  ${line}`),
    `Replay: simulate({ ...yours, ...${JSON.stringify(replay)} })`,
  ].join('\n');
}
