import { expect, it } from 'vitest';
import { atTurnEnd } from './turn-end.js';

it('runs all actions of a turn at once, in their order, and later ones in the next', () => {
  const turns: (() => void)[] = [];
  const clock = { setImmediate: (turn: () => void) => void turns.push(turn) };
  const ran: string[] = [];
  atTurnEnd(clock, () => {
    ran.push('one');
    atTurnEnd(clock, () => ran.push('three'));
  });
  atTurnEnd(clock, () => ran.push('two'));
  expect(turns).toHaveLength(1);
  turns.shift()?.();
  expect([ran, turns.length]).toEqual([['one', 'two'], 1]);
  turns.shift()?.();
  expect(ran).toEqual(['one', 'two', 'three']);
});
