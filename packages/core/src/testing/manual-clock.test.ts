import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock(1_000);
    expect(clock.now()).toBe(1_000);
    await clock.advance(50);
    expect(clock.now()).toBe(1_050);
  });

  it('fires due timers in order, at their own time, ties as set', async () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    const set = (name: string, ms: number) =>
      clock.setTimeout(() => fired.push(`${name}@${clock.now()}`), ms);
    set('c', 30);
    set('a', 10);
    set('b1', 20);
    set('b2', 20);
    set('late', 31);
    await clock.advance(30);
    expect(fired).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30']);
    expect(clock.pending).toBe(1);
  });

  it('runs microtasks between timers, and timers that are set meanwhile', async () => {
    const clock = new ManualClock(0);
    const seen: string[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    const work = (async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(10);
        seen.push(`step@${clock.now()}`);
      }
    })();
    clock.setTimeout(() => seen.push('timer@15'), 15);
    await clock.advance(30);
    await work;
    expect(seen).toEqual(['step@10', 'timer@15', 'step@20', 'step@30']);
  });

  it('clears timers, and takes at least 1 ms like Node', async () => {
    const clock = new ManualClock(0);
    let fired = 0;
    const again = () => {
      fired++;
      clock.setTimeout(again, 0);
    };
    again();
    clock.clearTimeout(clock.setTimeout(() => expect.unreachable(), 1));
    await clock.advance(5);
    expect(fired).toBe(6);
  });

  it('sets the wall clock without a change of durations', async () => {
    const clock = new ManualClock(3_600_000);
    const began = clock.monotonic();
    let firedAt = 0;
    clock.setTimeout(() => {
      firedAt = clock.monotonic();
    }, 20);
    clock.setWall(-3_600_000);
    expect(clock.now()).toBe(0);
    await clock.advance(30);
    expect([clock.now(), clock.monotonic() - began, firedAt - began]).toEqual([30, 30, 20]);
  });

  it('fires late what became due while it was blocked', async () => {
    const clock = new ManualClock(0);
    let firedAt = 0;
    clock.setTimeout(() => {
      firedAt = clock.now();
    }, 20);
    clock.block(50);
    expect(firedAt).toBe(0);
    await clock.advance(1);
    expect(firedAt).toBe(50);
  });

  it('aborts signals, and repeats chance', async () => {
    const clock = new ManualClock();
    const signal = clock.timeout(10);
    expect(clock.pending).toBe(0);
    await clock.advance(9);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toHaveProperty('name', 'TimeoutError');
    const draw = () => {
      const { randomBytes, random } = bound(new ManualClock());
      return [random(), random(), ...randomBytes(4)];
    };
    expect(draw()).toEqual(draw());
    expect(new Set(draw()).size).toBeGreaterThan(3);
  });
});

function bound(clock: ManualClock) {
  return { random: () => clock.random(), randomBytes: (size: number) => clock.randomBytes(size) };
}
