import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { deferred } from './promise.js';
import { abortable, backOff, heeding, pause, settledWithin, within } from './waiting.js';

const never = new Promise<string>(() => {});
const late = () => 'late';

describe.each(['time', 'signal'] as const)('a limit by %s', (kind) => {
  function scenario() {
    const clock = new ManualClock();
    const abort = new AbortController();
    const removed = vi.spyOn(abort.signal, 'removeEventListener');
    return {
      limit: kind === 'time' ? { clock, ms: 100 } : abort.signal,
      reach: () => (kind === 'time' ? clock.advance(100) : abort.abort()),
      isClean: () => (kind === 'time' ? clock.pending === 0 : removed.mock.calls.length === 1),
    };
  }

  it('lets through what comes before it, and leaves nothing behind', async () => {
    const { limit, isClean } = scenario();
    await expect(within(Promise.resolve('done'), limit, late)).resolves.toBe('done');
    expect(isClean()).toBe(true);
  });

  it('lets through a failure, and leaves nothing behind', async () => {
    const { limit, isClean } = scenario();
    await expect(within(Promise.reject(new Error('no')), limit, late)).rejects.toThrow('no');
    expect(isClean()).toBe(true);
  });

  it('gives what `late` gives once it is reached, and heeds the work no more', async () => {
    const { limit, reach } = scenario();
    const work = deferred<string>();
    const outcome = within(work.promise, limit, late);
    await reach();
    work.reject(new Error('nobody hears of it'));
    await expect(outcome).resolves.toBe('late');
  });

  it('rejects with what `late` throws', async () => {
    const { limit, reach } = scenario();
    const outcome = within(never, limit, () => {
      throw new RangeError('too late');
    });
    outcome.catch(() => {});
    await reach();
    await expect(outcome).rejects.toThrow(RangeError);
  });

  it('does not ask `late` once the work is done', async () => {
    const { limit, reach } = scenario();
    const asked = vi.fn(late);
    await within(Promise.resolve('done'), limit, asked);
    await reach();
    expect(asked).not.toHaveBeenCalled();
  });
});

it('is late at once where the signal has aborted already, whatever the work does', async () => {
  await expect(within(Promise.resolve('done'), AbortSignal.abort(), late)).resolves.toBe('late');
  await expect(within(Promise.reject(new Error('no')), AbortSignal.abort(), late)).resolves.toBe('late');
});

it('is the base of abortable, which rejects with ABORTED', async () => {
  await expect(abortable(never, AbortSignal.abort(), 'waiting')).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(abortable(Promise.resolve(1), undefined, 'waiting')).resolves.toBe(1);
});

it('waits for foreign work until it settles, well or not, or the time is over', async () => {
  const clock = new ManualClock();
  await expect(settledWithin(clock, Promise.resolve(), 100)).resolves.toBe(true);
  await expect(settledWithin(clock, Promise.reject(new Error('no')), 100)).resolves.toBe(true);
  const slow = settledWithin(clock, never, 100);
  await clock.advance(100);
  await expect(slow).resolves.toBe(false);
});

describe('work that heeds its signal', () => {
  it('has a second left to say why it stopped', async () => {
    const [clock, abort, work] = [new ManualClock(), new AbortController(), deferred<string>()];
    const outcome = heeding(work.promise, abort.signal, clock, late);
    abort.abort();
    await clock.advance(999);
    work.resolve('its own');
    await expect(outcome).resolves.toBe('its own');
  });

  it('is not waited for after that', async () => {
    const [clock, abort] = [new ManualClock(), new AbortController()];
    const outcome = heeding(never, abort.signal, clock, late);
    abort.abort();
    await clock.advance(1_000);
    await expect(outcome).resolves.toBe('late');
  });
});

it('waits for time and signal together, whichever comes first', async () => {
  const [clock, abort] = [new ManualClock(), new AbortController()];
  const outcome = within(never, { clock, ms: 100, signal: abort.signal }, late);
  abort.abort();
  await expect(outcome).resolves.toBe('late');
  expect(clock.pending).toBe(0);
});

describe('pause', () => {
  it('ends when its time is over, and leaves nothing behind', async () => {
    const clock = new ManualClock();
    const over = vi.fn();
    const paused = pause(clock, 100).then(over);
    await clock.advance(99);
    expect(over).not.toHaveBeenCalled();
    await clock.advance(1);
    await paused;
    expect(clock.pending).toBe(0);
  });

  it('is cut short by its signal, and never rejects', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const paused = pause(clock, 100, abort.signal);
    abort.abort();
    await paused;
    expect(clock.pending).toBe(0);
    await pause(clock, 100, AbortSignal.abort());
    expect(clock.pending).toBe(0);
  });

  it('of any number on one signal puts one listener there', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const added = vi.spyOn(abort.signal, 'addEventListener');
    const paused = Array.from({ length: 50 }, () => pause(clock, 100, abort.signal));
    expect(added).toHaveBeenCalledTimes(1);
    abort.abort();
    await Promise.all(paused);
  });

  it('after a failed attempt takes as long as the backoff says', async () => {
    const clock = new ManualClock();
    const over = vi.fn();
    const paused = backOff(clock, { base: 100, max: 300, jitter: false }, 2).then(over);
    await clock.advance(199);
    expect(over).not.toHaveBeenCalled();
    await clock.advance(1);
    await paused;
  });
});
