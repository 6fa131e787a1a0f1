import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MAX_TIMER_MS } from '../clock.js';
import { ManualClock } from '../testing/manual-clock.js';
import { type DeadlineEntry, DeadlineQueue, type DeadlineQueueOptions } from './deadline-queue.js';
import { guardedClock } from './guarded-clock.js';

class Entry implements DeadlineEntry {
  deadline = 0;
  prev: DeadlineEntry | undefined;
  next: DeadlineEntry | undefined;
  sequence = 0;
  slot = 0;
  constructor(readonly name: string) {}
}

function setUp(options?: DeadlineQueueOptions) {
  const clock = new ManualClock(0, 0);
  const expired: string[] = [];
  const queue = new DeadlineQueue<Entry>(
    clock,
    (entry) => expired.push(`${entry.name}@${clock.now()}`),
    options,
  );
  const entry = (name: string, deadline: number) => {
    const made = new Entry(name);
    queue.add(made, deadline);
    return made;
  };
  return { clock, queue, expired, entry };
}

describe('DeadlineQueue', () => {
  it('expires in the order of deadlines, ties in the order of adding', async () => {
    const { clock, queue, expired, entry } = setUp();
    entry('c', 30);
    entry('a', 10);
    entry('b1', 20);
    entry('b2', 20);
    await clock.advance(30);
    expect(expired).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30']);
    expect(queue.isEmpty).toBe(true);
  });

  it('never expires from within add, also for a deadline that has passed', async () => {
    const { clock, queue, expired, entry } = setUp();
    const late = entry('late', -5);
    expect(expired).toEqual([]);
    expect(queue.has(late)).toBe(true);
    await clock.advance(1);
    expect(expired).toEqual(['late@1']);
    expect(queue.has(late)).toBe(false);
  });

  it('removes, and does not mind removing again or what has expired', async () => {
    const { clock, queue, expired, entry } = setUp();
    const a = entry('a', 10);
    const b = entry('b', 10);
    queue.remove(a);
    queue.remove(a);
    await clock.advance(10);
    queue.remove(b);
    queue.move(b, 20);
    await clock.advance(10);
    expect(expired).toEqual(['b@10']);
  });

  it('moves a deadline in both directions', async () => {
    const { clock, queue, expired, entry } = setUp();
    const a = entry('a', 10);
    const b = entry('b', 20);
    queue.move(a, 30);
    queue.move(b, 5);
    await clock.advance(30);
    expect(expired).toEqual(['b@5', 'a@30']);
  });

  it('lets the callback add and remove, also what is due at the same moment', async () => {
    const clock = new ManualClock(0, 0);
    const expired: string[] = [];
    const [a, b, c] = [new Entry('a'), new Entry('b'), new Entry('c')];
    const queue = new DeadlineQueue<Entry>(clock, (entry) => {
      expired.push(`${entry.name}@${clock.now()}`);
      if (entry === a && expired.length < 4) queue.add(a, clock.now());
      queue.remove(b);
    });
    for (const entry of [a, b, c]) queue.add(entry, 10);
    await clock.advance(20);
    expect(expired).toEqual(['a@10', 'c@10', 'a@11', 'a@12']);
    expect(clock.pending).toBe(0);
  });

  it('expires the others although the callback throws', async () => {
    const clock = new ManualClock(0);
    const errors: unknown[] = [];
    const expired: string[] = [];
    const guarded = guardedClock(clock, (error) => errors.push(error));
    const queue = new DeadlineQueue<Entry>(guarded, (entry) => {
      expired.push(entry.name);
      if (entry.name === 'bad') throw new Error('broken callback');
    });
    for (const name of ['bad', 'good']) queue.add(new Entry(name), 10);
    await clock.advance(10);
    await clock.advance(1);
    expect([expired, errors]).toEqual([['bad', 'good'], [new Error('broken callback')]]);
  });

  it('lets I/O have a turn first: where the process slept, an answer that came in time is read only then', async () => {
    const { clock, queue, expired, entry } = setUp();
    const answered = entry('answered', 10);
    entry('not', 10);
    vi.spyOn(clock, 'setImmediate').mockImplementationOnce((then) => {
      queue.remove(answered);
      then();
    });
    clock.block(10_000);
    await clock.advance(0);
    expect(expired).toEqual(['not@10000']);
  });

  it('cleared before it has told, and set anew, has one timer', async () => {
    const { clock, queue, expired, entry } = setUp();
    entry('gone', 10);
    // It fires now, and has told nothing yet.
    vi.spyOn(clock, 'setImmediate').mockImplementationOnce((fn) => {
      queue.clear();
      entry('new', 30);
      fn();
    });
    await clock.advance(10);
    expect(clock.pending).toBe(1);
    await clock.advance(20);
    expect(expired).toEqual(['new@30']);
  });

  it('sets one timer per timeout, however many entries end in time', async () => {
    const { clock, queue, expired } = setUp();
    const set = vi.spyOn(clock, 'setTimeout');
    const cleared = vi.spyOn(clock, 'clearTimeout');
    for (let ms = 0; ms < 100; ms++) {
      for (let i = 0; i < 100; i++) {
        const entry = new Entry('x');
        queue.add(entry, clock.now() + 30);
        queue.remove(entry);
      }
      await clock.advance(1);
    }
    expect(expired).toEqual([]);
    expect(set.mock.calls.length).toBeLessThanOrEqual(4);
    expect(cleared).not.toHaveBeenCalled();
  });

  it.each([true, false])('holds the process only where asked to (keepAlive: %s)', (keepAlive) => {
    const { clock, queue, entry } = setUp({ keepAlive });
    const handle = { unref: vi.fn() };
    vi.spyOn(clock, 'setTimeout').mockReturnValue(handle);
    const cleared = vi.spyOn(clock, 'clearTimeout');
    const a = entry('a', 10);
    expect(handle.unref).toHaveBeenCalledTimes(keepAlive ? 0 : 1);
    queue.remove(a);
    expect(cleared).toHaveBeenCalledTimes(keepAlive ? 1 : 0);
  });

  it('drops everything on clear, the timer too', async () => {
    const { clock, queue, expired, entry } = setUp();
    const a = entry('a', 10);
    queue.clear();
    expect(clock.pending).toBe(0);
    expect(queue.has(a)).toBe(false);
    queue.add(a, 20);
    await clock.advance(30);
    expect(expired).toEqual(['a@20']);
  });

  it('waits for deadlines beyond what one timer can hold', async () => {
    const { clock, expired, entry } = setUp();
    const set = vi.spyOn(clock, 'setTimeout');
    entry('far', 2 * MAX_TIMER_MS);
    await clock.advance(2 * MAX_TIMER_MS);
    expect(expired).toEqual([`far@${2 * MAX_TIMER_MS}`]);
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([MAX_TIMER_MS, MAX_TIMER_MS]);
  });

  it.each([-3_600_000, 3_600_000])('takes no notice of a wall clock that is set by %d ms', async (ms) => {
    const { clock, expired, entry } = setUp();
    entry('a', 100);
    clock.setWall(ms);
    await clock.advance(99);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual([`a@${100 + ms}`]);
  });

  it('agrees with a plain list on when and in which order everything expires', async () => {
    const operation = fc.oneof(
      fc.record({
        kind: fc.constantFrom('add', 'move'),
        id: fc.nat(15),
        ms: fc.integer({ min: -2, max: 30 }),
      }),
      fc.record({ kind: fc.constant('remove'), id: fc.nat(15), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('advance'), id: fc.constant(0), ms: fc.nat(6) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 80, size: 'max' }),
        fc.boolean(),
        async (operations, keepAlive) => {
          const { clock, queue, expired } = setUp({ keepAlive });
          const entries = Array.from({ length: 16 }, (_, id) => new Entry(`${id}`));
          let model: { entry: Entry; deadline: number; at: number }[] = [];
          const expected: string[] = [];
          for (const { kind, id, ms } of operations) {
            const entry = entries[id] as Entry;
            const isQueued = model.some((other) => other.entry === entry);
            expect(queue.has(entry)).toBe(isQueued);
            if (kind === 'advance') {
              await clock.advance(ms);
              const due = model.filter(({ at }) => at <= clock.now()).sort((a, b) => a.deadline - b.deadline);
              expected.push(...due.map((one) => `${one.entry.name}@${one.at}`));
              model = model.filter((one) => !due.includes(one));
            } else {
              if (kind !== 'move' || isQueued) model = model.filter((other) => other.entry !== entry);
              if (kind === 'add' || (kind === 'move' && isQueued)) {
                const deadline = clock.now() + ms;
                model.push({ entry, deadline, at: Math.max(deadline, clock.now() + 1) });
              }
              if (kind === 'add') queue.add(entry, clock.now() + ms);
              else if (kind === 'move') queue.move(entry, clock.now() + ms);
              else queue.remove(entry);
            }
            expect(clock.pending).toBeLessThanOrEqual(1);
            expect(queue.isEmpty).toBe(model.length === 0);
            expect(expired).toEqual(expected);
          }
        },
      ),
    );
  });
});
