import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { deferred } from './promise.js';
import { Ticker } from './ticker.js';

function ticking(interval = 100, work: () => unknown = () => {}) {
  const clock = new ManualClock();
  const start = clock.now();
  const at: number[] = [];
  const ticker = new Ticker(clock, interval, () => {
    at.push(clock.now() - start);
    return work();
  });
  return { clock, ticker, at };
}

describe('a ticker', () => {
  it('ticks once an interval, from the first one on', async () => {
    const { clock, ticker, at } = ticking();
    ticker.start();
    ticker.start();
    await clock.advance(350);
    expect(at).toEqual([100, 200, 300]);
  });

  it('ticks at once where asked to', async () => {
    const { clock, ticker, at } = ticking();
    ticker.start({ atOnce: true });
    expect(at).toEqual([0]);
    await clock.advance(200);
    expect(at).toEqual([0, 100, 200]);
  });

  it('does nothing twice at once, and skips what it missed', async () => {
    const slow = deferred();
    const { clock, ticker, at } = ticking(100, () => (at.length === 1 ? slow.promise : undefined));
    ticker.start();
    await clock.advance(350);
    expect(at).toEqual([100]);
    slow.resolve();
    await clock.advance(100);
    expect(at).toEqual([100, 400]);
  });

  it('stops after the tick under way, leaves no timer, and starts again', async () => {
    const slow = deferred();
    const { clock, ticker, at } = ticking(100, () => slow.promise);
    ticker.start();
    await clock.advance(100);
    let stopped = false;
    const stopping = ticker.stop().then(() => {
      stopped = true;
    });
    await clock.advance(500);
    expect(stopped).toBe(false);
    slow.resolve();
    await stopping;
    expect(clock.pending).toBe(0);
    ticker.start();
    await clock.advance(100);
    expect(at).toEqual([100, 700]);
  });

  it.each([-10_000, 10_000])('keeps its step when the wall clock is set by %d ms', async (ms) => {
    const { clock, ticker, at } = ticking(100, () => (at.length === 1 ? clock.setWall(ms) : undefined));
    ticker.start();
    await clock.advance(300);
    expect(at).toEqual([100, ms + 200, ms + 300]);
  });
});
