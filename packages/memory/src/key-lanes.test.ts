import { describe, expect, it } from 'vitest';
import { Batch } from './batch.js';
import { KeyLanes } from './key-lanes.js';
import { logMessage } from './testing/harness.js';

const [ONE, TWO] = [2, 3];

function taken(lanes: KeyLanes, member: number, limit = 100): number[] {
  const batch = new Batch(limit, Number.MAX_SAFE_INTEGER);
  lanes.fill(batch, member, () => {});
  return batch.messages.map(({ token }) => token);
}

describe('KeyLanes', () => {
  it('forgets keys that have nothing unsettled', () => {
    const lanes = new KeyLanes();
    for (let i = 0; i < 10_000; i++) {
      lanes.taken(`k${i}`, ONE);
      lanes.settled(`k${i}`);
    }
    expect([lanes.size, lanes.waitingCount]).toEqual([0, 0]);
  });

  it('lets what waits go to the owner, and to anybody once the owner has nothing left of the key', () => {
    const lanes = new KeyLanes();
    lanes.taken('a', ONE);
    lanes.wait('a', logMessage(1, 'a'));
    expect([lanes.mayTake('a', ONE), lanes.mayTake('a', TWO)]).toEqual([true, false]);
    expect(taken(lanes, TWO)).toEqual([]);
    lanes.settled('a');
    expect(taken(lanes, TWO)).toEqual([1]);
    expect([lanes.mayTake('a', ONE), lanes.mayTake('a', TWO)]).toEqual([false, true]);
  });

  it('puts what is released before what was passed over', () => {
    const lanes = new KeyLanes();
    for (let i = 0; i < 2; i++) lanes.taken('a', ONE);
    lanes.wait('a', logMessage(5, 'a'));
    lanes.released('a', [logMessage(1, 'a'), logMessage(2, 'a')]);
    expect(taken(lanes, TWO, 2)).toEqual([1, 2]);
    expect(taken(lanes, ONE)).toEqual([]);
    expect(taken(lanes, TWO)).toEqual([5]);
  });

  it('gives all that waits back in offset order', () => {
    const lanes = new KeyLanes();
    lanes.taken('a', ONE);
    lanes.taken('b', TWO);
    for (const [offset, key] of [
      [5, 'a'],
      [6, 'b'],
      [7, 'a'],
      [8, 'b'],
    ] as const) {
      lanes.wait(key, logMessage(offset, key));
    }
    expect(lanes.drain().map(({ token }) => token)).toEqual([5, 6, 7, 8]);
    expect(lanes.waitingCount).toBe(0);
  });
});
