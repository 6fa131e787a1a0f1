import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EbusError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { KeyedPool } from './keyed-pool.js';

const WAIT_TIMEOUT = 20;

const call = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  /** Time that passes before the call. */
  pause: fc.constantFrom(0, 0, 0, 1, 5),
  /** How long the task takes; undefined for one that answers synchronously. */
  takes: fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined, freq: 4 }),
  fails: fc.boolean(),
  /** When its signal is aborted, counted from the call. */
  abortAfter: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined, freq: 3 }),
});

describe('KeyedPool with any keys, timings, failures and aborts', () => {
  it('keeps order and bounds, and settles every run as its task did', async () => {
    const options = fc.record({
      concurrency: fc.integer({ min: 1, max: 3 }),
      queueSize: fc.integer({ min: 1, max: 3 }),
    });
    const calls = fc.array(call, { minLength: 1, maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(options, calls, async ({ concurrency, queueSize }, sequence) => {
        const clock = new ManualClock(0);
        const pool = new KeyedPool({ concurrency, queueSize, waitTimeout: WAIT_TIMEOUT, clock });
        const runningKeys: string[] = [];
        const started: number[] = [];
        const outcomes: Promise<string>[] = [];
        const unsettled = new Map<number, string>();

        const begin = (index: number, key: string) => {
          expect(runningKeys).not.toContain(key);
          runningKeys.push(key);
          started.push(index);
          expect(runningKeys.length).toBeLessThanOrEqual(concurrency);
        };
        const end = (index: number, key: string, fails: boolean) => {
          runningKeys.splice(runningKeys.indexOf(key), 1);
          if (fails) throw new Error(`${index} failed`);
          return index;
        };

        /** As much is queued as the bounds allow; only the rest waits for room. */
        const checkQueue = () => {
          const notStarted = [...unsettled]
            .filter(([index]) => !started.includes(index))
            .map(([, key]) => key);
          const perKey = ['a', 'b', 'c', 'd'].map(
            (key) => notStarted.filter((other) => other === key).length,
          );
          const fitting = perKey.reduce((sum, count) => sum + Math.min(count, queueSize), 0);
          const queued = Math.min(fitting, concurrency * queueSize);
          const expected = { running: runningKeys.length, queued, waiting: notStarted.length - queued };
          expect(pool.stats()).toMatchObject(expected);
        };

        for (const [index, { key, pause, takes, fails, abortAfter }] of sequence.entries()) {
          await clock.advance(pause);
          checkQueue();
          const calledAt = clock.now();
          const controller = new AbortController();
          if (abortAfter === 0) controller.abort();
          else if (abortAfter !== undefined) clock.setTimeout(() => controller.abort(), abortAfter);
          const task = () => {
            begin(index, key);
            if (takes === undefined) return end(index, key, fails);
            return new Promise<void>((resolve) => clock.setTimeout(resolve, takes)).then(() =>
              end(index, key, fails),
            );
          };
          const outcome = pool.run(key, task, { signal: controller.signal }).then(
            (result) => `result ${result}`,
            (error: EbusError) => {
              if (error.code === 'POOL_FULL') expect(clock.now()).toBe(calledAt + WAIT_TIMEOUT);
              else if (error.code === 'ABORTED')
                expect(clock.now()).toBe(calledAt + (abortAfter ?? Number.NaN));
              return error.code ?? error.message;
            },
          );
          outcomes.push(outcome);
          unsettled.set(index, key);
          void outcome.then(() => unsettled.delete(index));
          await clock.advance(0);
          checkQueue();
        }

        const drained = pool.drain();
        for (let ms = 0; unsettled.size > 0 && ms < 1_000; ms++) {
          await clock.advance(1);
          checkQueue();
        }
        await clock.advance(1_000);
        await drained;
        expect(pool.stats()).toEqual({ activeKeys: 0, running: 0, queued: 0, waiting: 0, oldestAgeMs: 0 });
        const ended = await Promise.all(outcomes);
        for (const [index, { key, fails }] of sequence.entries()) {
          if (started.includes(index))
            expect(ended[index]).toBe(fails ? `${index} failed` : `result ${index}`);
          else expect(['POOL_FULL', 'ABORTED']).toContain(ended[index]);
          const ofKey = started.filter((other) => sequence[other]?.key === key);
          expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        }
        expect(new Set(started).size).toBe(started.length);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
