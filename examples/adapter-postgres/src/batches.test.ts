import { describe, expect, it } from 'vitest';
import { Batches } from './batches.js';

/** Runs that end when they are told to. */
function scripted() {
  const runs: { items: number[]; end(): void; fail(error: Error): void }[] = [];
  const batches = new Batches<number>((items) => new Promise((end, fail) => runs.push({ items, end, fail })));
  return { runs, batches };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('Batches', () => {
  it('takes along what was added while one ran, and never runs two at once', async () => {
    const { runs, batches } = scripted();
    const first = batches.add([1]);
    await turn();
    const rest = [batches.add([2]), batches.add([3, 4])];
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1]]);
    runs[0]?.end();
    await first;
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    runs[1]?.end();
    await Promise.all(rest);
    await batches.idle();
  });

  it('rejects those of a run that failed, and goes on', async () => {
    const { runs, batches } = scripted();
    const failing = batches.add([1]);
    await turn();
    const next = batches.add([2]);
    runs[0]?.fail(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    await turn();
    runs[1]?.end();
    await next;
  });

  it('is idle once everything has run', async () => {
    const { runs, batches } = scripted();
    void batches.add([1]);
    await turn();
    let idle = false;
    const waiting = batches.idle().then(() => {
      idle = true;
    });
    void batches.add([2]);
    runs[0]?.end();
    await turn();
    expect(idle).toBe(false);
    runs[1]?.end();
    await waiting;
    expect(idle).toBe(true);
  });
});
