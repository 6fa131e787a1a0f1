import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { simulate } from './simulate.js';
import { randomOf } from './time/random.js';

/** A service that counts what was ordered, in a database that outlives processes. */
function counting(isIdempotent: boolean) {
  return {
    state: () => ({ total: 0, published: new Set<string>(), seen: new Set<string>() }),
    handlers: ({
      state,
      io,
    }: {
      state: { total: number; published: Set<string>; seen: Set<string> };
      io: <Result>(action: () => Result) => Promise<Result>;
    }) => ({
      'shop.orders': async ({ eventId }: { eventId: string }) => {
        await io(() => {
          state.published.add(eventId);
          if (isIdempotent && state.seen.has(eventId)) return;
          state.seen.add(eventId);
          state.total++;
        });
        await io(() => 'a mail is sent');
      },
    }),
    invariants: {
      'every order is counted once': ({ total, published }: { total: number; published: Set<string> }) => {
        if (total !== published.size) throw new Error(`${total} counted, ${published.size} ordered`);
      },
    },
  };
}

describe("simulation of a user's handlers", () => {
  it('finds that a handler is not idempotent, with a short history', { timeout: 60_000 }, async () => {
    const { broken } = await simulate({ ...counting(false), seeds: 50 });
    const [found] = broken;
    expect(found?.problems[0]?.text).toMatch(/every order is counted once: \d+ counted/);
    expect(found?.history.length).toBeLessThan(100);
    const text = explain(found!);
    expect(text).toContain('every order is counted once');
    expect(text).toContain(`"from":${found?.seed}`);
    const { seed = 0, broker = 'log', cut = {} } = found ?? {};
    const again = await simulate({ ...counting(false), seeds: 1, from: seed, broker, cut });
    expect(again.broken[0]?.history).toEqual(found?.history);
  });

  it('finds nothing wrong with one that is', { timeout: 180_000 }, async () => {
    const { broken, counts } = await simulate({ ...counting(true), seeds: 60 });
    expect(broken.flatMap(({ seed, problems }) => [seed, ...problems])).toEqual([]);
    expect(counts['process: killed']).toBeGreaterThan(0);
  });

  it('puts the real clocks back', async () => {
    const { Date: RealDate, setTimeout: realTimeout } = globalThis;
    await simulate({ seeds: 2 });
    expect(globalThis.Date).toBe(RealDate);
    expect(globalThis.setTimeout).toBe(realTimeout);
  });
});

describe('randomOf', () => {
  it('gives the same numbers for the same labels, and others for neighbours', () => {
    const numbers = (seed: number) => Array.from({ length: 5 }, randomOf(seed, 'x').next);
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(2));
  });
});
