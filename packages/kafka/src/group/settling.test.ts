import { describe, expect, it } from 'vitest';
import { Settling } from './settling.js';

const stable = (members: number) => ({ state: 'Stable', members });
const rebalancing = { state: 'PreparingRebalance', members: 2 };

describe('leaving a group waits', () => {
  it('until the group has answered the member', () => {
    const settling = new Settling();
    expect(settling.isOver(stable(1), 1_000, undefined)).toBe(false);
    expect(settling.isOver(stable(1), 1_000, 1_000)).toBe(true);
  });

  it('while the group rebalances, and until its answer has arrived', () => {
    const settling = new Settling();
    expect(settling.isOver(rebalancing, 1_000, 0)).toBe(false);
    expect(settling.isOver(stable(1), 1_020, 0)).toBe(false);
    expect(settling.isOver(stable(1), 1_050, 0)).toBe(true);
  });

  it('for the second assignment, where another member hands partitions over', () => {
    const settling = new Settling();
    expect(settling.isOver(stable(2), 1_100, 1_000)).toBe(false);
    expect(settling.isOver(rebalancing, 1_300, 1_000)).toBe(false);
    expect(settling.isOver(stable(2), 1_600, 1_400)).toBe(false);
    expect(settling.isOver(stable(2), 1_900, 1_400)).toBe(true);
  });

  it('not at all where nothing has moved for long', () => {
    expect(new Settling().isOver(stable(3), 9_000, 1_000)).toBe(true);
  });
});
