import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Duration } from '../duration.js';
import { ConfigError, type EbusError, KeyedPoolFullError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { KeyedPool, type KeyedPoolOptions } from './keyed-pool.js';

function setUp(options: KeyedPoolOptions = {}) {
  const clock = new ManualClock(0);
  const pool = new KeyedPool({ clock, ...options });
  const events: string[] = [];
  /** Runs a task that takes some time, and notes when it starts and how `run` ends. */
  const run = (key: string, name: string, ms: number, signal?: AbortSignal) => {
    const task = () => {
      events.push(`${name}@${clock.now()}`);
      return new Promise<string>((resolve) => clock.setTimeout(() => resolve(name), ms));
    };
    const result = pool.run(key, task, signal === undefined ? {} : { signal });
    result.catch((error: EbusError) => events.push(`${name}: ${error.code}@${clock.now()}`));
    return result;
  };
  return { clock, pool, events, run };
}

describe('KeyedPool', () => {
  it('runs tasks of one key in order, of different keys side by side', async () => {
    const { clock, events, run } = setUp();
    const results = [run('a', 'a1', 10), run('a', 'a2', 10), run('b', 'b1', 5), run('a', 'a3', 10)];
    await clock.advance(30);
    expect(events).toEqual(['a1@0', 'b1@0', 'a2@10', 'a3@20']);
    expect(await Promise.all(results)).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('starts at once on an idle key, and gives back what the task returns', async () => {
    const { pool } = setUp();
    let started = false;
    const result = pool.run('a', () => {
      started = true;
      return 42;
    });
    expect(started).toBe(true);
    expect(await result).toBe(42);
    expect(await pool.run('a', async () => ({ deep: true }))).toEqual({ deep: true });
    expect(pool.stats().activeKeys).toBe(0);
  });

  it('goes on after failures of every kind', async () => {
    const { pool } = setUp();
    const failures = [
      pool.run('a', () => {
        throw new Error('thrown');
      }),
      pool.run('a', () => Promise.reject(new Error('rejected'))),
      pool.run('a', () => {
        throw 'not an error';
      }),
    ];
    const good = pool.run('a', () => 'good');
    const outcomes = await Promise.allSettled(failures);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
      new Error('thrown'),
      new Error('rejected'),
      'not an error',
    ]);
    expect(await good).toBe('good');
  });

  it('rejects a key that is empty or no string', async () => {
    const { pool } = setUp();
    for (const key of ['', undefined, 7] as string[]) {
      await expect(pool.run(key, () => 1)).rejects.toThrow(TypeError);
    }
  });

  it.each<KeyedPoolOptions>([
    { concurrency: 0 },
    { concurrency: 1.5 },
    { concurrency: Number.POSITIVE_INFINITY },
    { queueSize: 0 },
    { queueSize: -1 },
    { queueSize: '5' as unknown as number },
    { waitTimeout: -1 },
    { waitTimeout: 'soon' as Duration },
  ])('refuses the options %o', (options) => {
    expect(() => new KeyedPool(options)).toThrow(ConfigError);
  });

  describe('when the queue is full', () => {
    it('waits for room, then rejects', async () => {
      const { clock, pool, events, run } = setUp({ queueSize: 1, waitTimeout: '50ms' });
      const first = run('a', 'a1', 60);
      const second = run('a', 'a2', 60);
      const third = run('a', 'a3', 60);
      await clock.advance(20);
      const fourth = run('a', 'a4', 60);
      expect(pool.stats()).toEqual({ activeKeys: 1, running: 1, queued: 1, waiting: 2, oldestAgeMs: 20 });
      await expect(Promise.all([clock.advance(30), third])).rejects.toThrow('keyed worker queue full');
      expect(KeyedPoolFullError.isInstance(await third.catch((error) => error))).toBe(true);
      await clock.advance(200);
      expect(await Promise.all([first, second, fourth])).toEqual(['a1', 'a2', 'a4']);
      expect(events).toEqual(['a1@0', 'a3: POOL_FULL@50', 'a2@60', 'a4@120']);
      expect(pool.stats()).toEqual({ activeKeys: 0, running: 0, queued: 0, waiting: 0, oldestAgeMs: 0 });
      expect(clock.pending).toBe(0);
    });

    it('keeps call order among those that wait, and lets nobody overtake them', async () => {
      const { clock, events, run } = setUp({ queueSize: 1, waitTimeout: Number.POSITIVE_INFINITY });
      const results = ['a1', 'a2', 'a3', 'a4'].map((name) => run('a', name, 10));
      await clock.advance(10);
      // a2 runs and a3 is queued: there is no room, and a4 waits already.
      results.push(run('a', 'a5', 10));
      await clock.advance(10);
      results.push(run('a', 'a6', 10));
      await clock.advance(100);
      await Promise.all(results);
      expect(events.map((event) => event.split('@')[0])).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
    });

    it('keeps call order for calls from within a task', async () => {
      const { pool, clock } = setUp({ concurrency: 1, queueSize: 1, waitTimeout: '1s' });
      const started: string[] = [];
      const note = (name: string) => () => {
        started.push(name);
      };
      const first = new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
      const results = [
        pool.run('a', () => first),
        pool.run('a', () => {
          started.push('a2');
          results.push(pool.run('a', note('a4')), pool.run('b', note('b1')));
        }),
        pool.run('a', note('a3')),
      ];
      await clock.advance(100);
      await Promise.all(results);
      expect(started).toEqual(['a2', 'a3', 'b1', 'a4']);
    });

    it('rejects at once with a wait timeout of 0', async () => {
      const { clock, run } = setUp({ queueSize: 1, waitTimeout: 0 });
      void run('a', 'a1', 10);
      void run('a', 'a2', 10);
      await expect(run('a', 'a3', 10)).rejects.toThrow('keyed worker queue full');
      expect(clock.now()).toBe(0);
    });

    it('bounds what is queued over all keys', async () => {
      const { clock, pool, events, run } = setUp({ concurrency: 2, queueSize: 2, waitTimeout: '1s' });
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) void run(key, key, 10);
      expect(pool.stats()).toEqual({ activeKeys: 7, running: 2, queued: 4, waiting: 1, oldestAgeMs: 0 });
      await clock.advance(100);
      expect(events).toEqual(['a@0', 'b@0', 'c@10', 'd@10', 'e@20', 'f@20', 'g@30']);
    });

    it('serves the waiting lines of different keys in turn', async () => {
      const { clock, events, run } = setUp({ concurrency: 1, queueSize: 1, waitTimeout: '1s' });
      for (const name of ['x', 'a1', 'a2', 'b1', 'b2', 'c1']) void run(name.charAt(0), name, 10);
      await clock.advance(100);
      expect(events).toEqual(['x@0', 'a1@10', 'b1@20', 'c1@30', 'a2@40', 'b2@50']);
    });
  });

  describe('with a signal', () => {
    it('takes back a task that is queued or waits for room', async () => {
      const { clock, pool, events, run } = setUp({ queueSize: 1 });
      const queued = new AbortController();
      const waiting = new AbortController();
      void run('a', 'a1', 10);
      const second = run('a', 'a2', 10, queued.signal);
      const third = run('a', 'a3', 10, waiting.signal);
      void run('a', 'a4', 10);
      waiting.abort(new Error('enough'));
      queued.abort();
      await expect(second).rejects.toMatchObject({ name: 'AbortError', code: 'ABORTED' });
      await expect(third).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
      expect(pool.stats()).toMatchObject({ running: 1, queued: 1, waiting: 0 });
      await clock.advance(100);
      expect(events).toEqual(['a1@0', 'a3: ABORTED@0', 'a2: ABORTED@0', 'a4@10']);
      expect(clock.pending).toBe(0);
    });

    it('leaves a task alone that has started', async () => {
      const { clock, run } = setUp();
      const controller = new AbortController();
      const result = run('a', 'a1', 10, controller.signal);
      controller.abort();
      await clock.advance(10);
      expect(await result).toBe('a1');
    });

    it('does not start with a signal that is aborted already', async () => {
      const { pool, events, run } = setUp();
      await expect(run('a', 'a1', 10, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
      expect([events, pool.stats().activeKeys]).toEqual([['a1: ABORTED@0'], 0]);
    });

    it('leaves no listeners on a signal that lives longer', async () => {
      const { pool } = setUp();
      const { signal } = new AbortController();
      await Promise.all(Array.from({ length: 50 }, () => pool.run('a', async () => 1, { signal })));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });

  it('drains: resolves when nothing is left, waiting calls included', async () => {
    const { clock, pool, events, run } = setUp({ queueSize: 1 });
    await pool.drain();
    for (const name of ['a1', 'a2', 'a3']) void run('a', name, 10);
    const drained = pool.drain().then(() => events.push(`drained@${clock.now()}`));
    await clock.advance(25);
    expect(events).not.toContain('drained@20');
    await clock.advance(10);
    await drained;
    expect(events).toEqual(['a1@0', 'a2@10', 'a3@20', 'drained@30']);
  });

  it('tells the age of what has been here longest', async () => {
    const { clock, pool, run } = setUp({ concurrency: 1 });
    void run('a', 'a1', 100);
    await clock.advance(30);
    void run('b', 'b1', 100);
    expect(pool.stats().oldestAgeMs).toBe(30);
    await clock.advance(80);
    expect(pool.stats().oldestAgeMs).toBe(80);
    await clock.advance(200);
    expect(pool.stats().oldestAgeMs).toBe(0);
  });

  it('lets tasks run tasks of other keys', async () => {
    const { pool } = setUp({ concurrency: 2 });
    const result = pool.run('a', async () => `outer ${await pool.run('b', () => 'inner')}`);
    expect(await result).toBe('outer inner');
  });

  it('is as small after a million keys as it began', async () => {
    const { pool } = setUp();
    const heap = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const use = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const done = pool.run(`key-${i}`, () => i);
        if (i % 1_000 === 0) await done;
      }
    };
    await use(0, 100_000);
    const before = heap();
    await use(100_000, 1_000_000);
    expect(pool.stats()).toEqual({ activeKeys: 0, running: 0, queued: 0, waiting: 0, oldestAgeMs: 0 });
    expect(heap() - before).toBeLessThan(4 * 1_024 ** 2);
  });
});

/** Node offers no other way to a full collection from within. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
