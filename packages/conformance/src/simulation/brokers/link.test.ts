import { describe, expect, it } from 'vitest';
import { randomOf } from '../time/random.js';
import { VirtualTime } from '../time/virtual-time.js';
import { Link } from './link.js';

const FAULTS = { requestLost: 0, answerLost: 0, slow: 0.5, slowMs: 3_000 };

/** Sends many at odd moments, of which some overtake each other where times are rounded. */
async function arrivals(send: (link: Link, arrive: () => void) => void): Promise<number[]> {
  const time = new VirtualTime();
  const random = randomOf(1, 'network');
  const owner = { name: 'bus1', alive: true };
  const link = new Link({ time, random, owner, faults: FAULTS, count: () => {} });
  const arrived: number[] = [];
  for (let i = 0; i < 500; i++) time.on(i / 20, () => send(link, () => arrived.push(i)));
  await time.run(() => arrived.length === 500, 100_000);
  return arrived;
}

describe('the simulated network', () => {
  const inOrder = Array.from({ length: 500 }, (_, i) => i);

  it('keeps the order of what the broker sends', async () => {
    expect(await arrivals((link, arrive) => link.push(arrive))).toEqual(inOrder);
  });

  it('keeps the order of what a process sends', async () => {
    expect(await arrivals((link, arrive) => link.tell(arrive))).toEqual(inOrder);
  });
});
