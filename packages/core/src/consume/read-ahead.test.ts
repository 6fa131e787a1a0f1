import { describe, expect, it } from 'vitest';
import { deferred } from '../util/promise.js';
import type { Delivery } from './delivery.js';
import { ReadAhead } from './read-ahead.js';

const delivery = (name: number) => ({ name, state: 'buffered' }) as unknown as Delivery & { state: string };

function handingOn() {
  const begun: number[] = [];
  let turn: Promise<void> | undefined;
  let depth = 0;
  const readAhead = new ReadAhead({
    loopYield: { due: () => turn },
    begin: (one) => void begun.push((one as Delivery & { name: number }).name),
    batch: (begins) => {
      depth += begins ? 1 : -1;
    },
  });
  const arrive = (one: Delivery) => {
    if (!readAhead.isFree) return readAhead.take(one);
    begun.push((one as Delivery & { name: number }).name);
    readAhead.begun();
  };
  /** From now on the event loop is due to others. */
  const hold = () => {
    const over = deferred();
    turn = over.promise;
    return async () => {
      turn = undefined;
      over.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    };
  };
  return { readAhead, begun, arrive, hold, depth: () => depth };
}

const arriving = (count: number) => Array.from({ length: count }, (_, index) => delivery(index));

describe('what is read ahead', () => {
  it('is begun at once while the loop is free', () => {
    const { begun, arrive } = handingOn();
    for (const one of arriving(100)) arrive(one);
    expect(begun).toHaveLength(100);
  });

  it('waits for its turn once the loop is due to others, in slices and in order', async () => {
    const { begun, arrive, hold, depth } = handingOn();
    const goOn = hold();
    for (const one of arriving(40)) arrive(one);
    expect(begun).toHaveLength(16);
    await goOn();
    expect(begun).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(depth()).toBe(0);
  });

  it('is not begun where it has left meanwhile', async () => {
    const { begun, arrive, hold } = handingOn();
    const goOn = hold();
    const all = arriving(20);
    for (const one of all) arrive(one);
    for (const one of all.slice(17)) one.state = 'done';
    await goOn();
    expect(begun).toEqual(Array.from({ length: 17 }, (_, index) => index));
  });

  it('is begun no more once that is stopped', async () => {
    const { readAhead, begun, arrive, hold } = handingOn();
    const goOn = hold();
    for (const one of arriving(20)) arrive(one);
    readAhead.stop();
    arrive(delivery(99));
    await goOn();
    expect(begun).toHaveLength(16);
  });
});
