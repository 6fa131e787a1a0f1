import { describe, expect, it } from 'vitest';
import { KeyedLanes, type Lane } from './keyed-lanes.js';

/** Lanes whose items run until the test ends them. */
function setUp(concurrency: number) {
  const started: string[] = [];
  const running = new Map<string, Lane<string>>();
  const lanes = new KeyedLanes<string>({
    concurrency,
    run(item, lane) {
      started.push(item);
      running.set(item, lane);
    },
  });
  const lane = (item: string) => running.get(item) as Lane<string>;
  const end = (item: string) => {
    const ended = lane(item);
    running.delete(item);
    lanes.release(ended);
  };
  return { lanes, started, end, lane };
}

const sizes = (lanes: KeyedLanes<string>) => [lanes.running, lanes.queued, lanes.held, lanes.activeKeys];

describe('KeyedLanes', () => {
  it('runs one item of a key at a time, in order, and keys side by side', () => {
    const { lanes, started, end } = setUp(10);
    for (const item of ['a1', 'a2', 'b1', 'a3']) lanes.push(item.charAt(0), item);
    expect(started).toEqual(['a1', 'b1']);
    expect(sizes(lanes)).toEqual([2, 2, 0, 2]);
    expect([lanes.waiting('a'), lanes.waiting('b'), lanes.waiting('c')]).toEqual([2, 0, 0]);
    end('a1');
    end('b1');
    end('a2');
    expect(started).toEqual(['a1', 'b1', 'a2', 'a3']);
    expect(sizes(lanes)).toEqual([1, 0, 0, 1]);
    end('a3');
    expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
  });

  it('lets keys take turns when slots are scarce', () => {
    const { lanes, started, end } = setUp(1);
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) lanes.push(item.charAt(0), item);
    for (const item of ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']) end(item);
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('does not grow the stack for synchronous items, however many wait or are pushed meanwhile', () => {
    const count = 100_000;
    let handled = 0;
    let depth = 0;
    let deepest = 0;
    const lanes: KeyedLanes<number> = new KeyedLanes<number>({
      concurrency: 4,
      run(item, lane) {
        depth++;
        deepest = Math.max(deepest, depth);
        handled++;
        if (item < count) lanes.push(item % 2 === 0 ? 'even' : `odd-${item}`, item + 1);
        lanes.release(lane);
        depth--;
      },
    });
    lanes.push('even', 0);
    expect([handled, deepest, lanes.activeKeys]).toEqual([count + 1, 1, 0]);

    const blocked: Lane<number>[] = [];
    const queue = new KeyedLanes<number>({
      concurrency: 1,
      run: (item, lane) => (item === 0 ? blocked.push(lane) : queue.release(lane)),
    });
    for (let i = 0; i <= count; i++) queue.push('a', i);
    queue.release(blocked[0] as Lane<number>);
    expect([queue.running, queue.queued, queue.activeKeys]).toEqual([0, 0, 0]);
  });

  it('starts what is pushed from within run when that returns', () => {
    const events: string[] = [];
    const lanes: KeyedLanes<string> = new KeyedLanes<string>({
      concurrency: 10,
      run(item, lane) {
        events.push(`+${item}`);
        if (item === 'a1') {
          lanes.push('a', 'a2');
          lanes.push('b', 'b1');
          expect([lanes.waiting('a'), lanes.waiting('b'), lanes.activeKeys]).toEqual([1, 1, 2]);
        }
        events.push(`-${item}`);
        lanes.release(lane);
      },
    });
    lanes.push('a', 'a1');
    expect(events).toEqual(['+a1', '-a1', '+b1', '-b1', '+a2', '-a2']);
  });

  describe('hold and resume', () => {
    it('gives the slot away and keeps the key in order', () => {
      const { lanes, started, end, lane } = setUp(1);
      for (const item of ['a1', 'a2', 'b1']) lanes.push(item.charAt(0), item);
      lanes.hold(lane('a1'));
      expect(started).toEqual(['a1', 'b1']);
      expect(sizes(lanes)).toEqual([1, 1, 1, 2]);
      lanes.resume(lane('a1'));
      expect(started).toEqual(['a1', 'b1']);
      end('b1');
      expect(started).toEqual(['a1', 'b1', 'a1']);
      end('a1');
      end('a2');
      expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
    });

    it('resumes at once where a slot is free', () => {
      const { lanes, started, lane } = setUp(2);
      lanes.push('a', 'a1');
      lanes.hold(lane('a1'));
      lanes.resume(lane('a1'));
      expect(started).toEqual(['a1', 'a1']);
    });

    it('goes on with the key when a held item is released, resumed or not', () => {
      const { lanes, started, end, lane } = setUp(1);
      for (const item of ['a1', 'a2', 'b1', 'b2']) lanes.push(item.charAt(0), item);
      lanes.hold(lane('a1'));
      lanes.hold(lane('b1'));
      end('a1');
      expect(started).toEqual(['a1', 'b1', 'a2']);
      lanes.resume(lane('b1'));
      end('b1');
      expect(sizes(lanes)).toEqual([1, 1, 0, 2]);
      end('a2');
      expect(started).toEqual(['a1', 'b1', 'a2', 'b2']);
      end('b2');
      expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
    });

    it('frees a lane whose last item is released while it waits to be resumed', () => {
      const { lanes, end, lane } = setUp(1);
      lanes.push('a', 'a1');
      lanes.hold(lane('a1'));
      lanes.push('b', 'b1');
      lanes.resume(lane('a1'));
      end('a1');
      end('b1');
      expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
    });
  });

  it('refuses what would let two items of a key run at once', () => {
    const { lanes, end, lane } = setUp(2);
    lanes.push('a', 'a1');
    const a = lane('a1');
    expect(() => lanes.resume(a)).toThrow("lane 'a' was resumed although it is not held");
    lanes.hold(a);
    expect(() => lanes.hold(a)).toThrow("lane 'a' was held although no item of it runs");
    end('a1');
    expect(() => lanes.release(a)).toThrow("lane 'a' was released although no item of it runs or is held");
    lanes.push('a', 'a2');
    expect(() => lanes.release(a)).toThrow('was released');
    expect(sizes(lanes)).toEqual([1, 0, 0, 1]);
  });

  it('hands back what waits, in the order of pushing', () => {
    const { lanes, started, end, lane } = setUp(2);
    for (const item of ['a1', 'b1', 'b2', 'a2', 'c1', 'a3', 'c2']) lanes.push(item.charAt(0), item);
    lanes.hold(lane('b1'));
    expect(started).toEqual(['a1', 'b1', 'c1']);
    expect(lanes.takeQueued((item) => item === 'a3')).toEqual(['a3']);
    expect(lanes.takeQueued()).toEqual(['b2', 'a2', 'c2']);
    expect(sizes(lanes)).toEqual([2, 0, 1, 3]);
    for (const item of ['a1', 'b1', 'c1']) end(item);
    expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
  });

  it('removes one waiting item', () => {
    const { lanes, started, end } = setUp(1);
    for (const item of ['a1', 'a2', 'b1', 'b1']) lanes.push(item.charAt(0), item);
    expect([lanes.remove('a', 'a1'), lanes.remove('x', 'a2'), lanes.remove('a', 'a2')]).toEqual([
      false,
      false,
      true,
    ]);
    expect(lanes.remove('b', 'b1')).toBe(true);
    end('a1');
    end('b1');
    expect(started).toEqual(['a1', 'b1']);
    expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
  });

  it('starts nothing with a concurrency of 0, and goes on when it is raised', () => {
    const { lanes, started, end } = setUp(2);
    lanes.push('a', 'a1');
    lanes.concurrency = 0;
    lanes.push('b', 'b1');
    lanes.push('a', 'a2');
    end('a1');
    expect(started).toEqual(['a1']);
    lanes.concurrency = 2;
    expect(started).toEqual(['a1', 'b1', 'a2']);
  });

  it('keeps its books straight when run throws', () => {
    const seen: Lane<string>[] = [];
    const lanes = new KeyedLanes<string>({
      concurrency: 1,
      run(item, lane) {
        seen.push(lane);
        if (item === 'bad') throw new Error('broken run');
      },
    });
    expect(() => lanes.push('a', 'bad')).toThrow('broken run');
    lanes.push('a', 'good');
    lanes.release(seen[0] as Lane<string>);
    lanes.release(seen[1] as Lane<string>);
    expect(sizes(lanes)).toEqual([0, 0, 0, 0]);
  });

  it('holds no memory of idle keys', () => {
    const lanes: KeyedLanes<number> = new KeyedLanes<number>({
      concurrency: 8,
      run: (item, lane) => (item % 2 === 0 ? lanes.release(lane) : pending.push(lane)),
    });
    const pending: Lane<number>[] = [];
    let mostKeys = 0;
    for (let i = 0; i < 1_000_000; i++) {
      lanes.push(`key-${i}`, i);
      mostKeys = Math.max(mostKeys, lanes.activeKeys);
      const done = pending.pop();
      if (done !== undefined) lanes.release(done);
    }
    expect([mostKeys, lanes.activeKeys, lanes.running, lanes.queued]).toEqual([1, 0, 0, 0]);
  });
});
