/** Which abilities a harness has: decided by what it offers, never by trying. */
import type { Ability } from './abilities.js';
import type { Harness } from './harness.js';

/** Two that come together are one ability. */
const PAIRS: Readonly<Record<string, string>> = {
  'broker.kill': 'broker.restart',
  'broker.freeze': 'broker.thaw',
  'broker.login.take': 'broker.login.giveBack',
};

/** Those of the wanted abilities that the harness lacks. */
export function lacking(harness: Harness, wanted: readonly Ability[]): Ability[] {
  return wanted.filter((ability) => {
    const pair = PAIRS[ability];
    return valueAt(harness, ability) === undefined || (pair !== undefined && !valueAt(harness, pair));
  });
}

function valueAt(harness: Harness, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], harness);
}
