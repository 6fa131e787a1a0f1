import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { TokenBucket } from '../util/token-bucket.js';
import type { Delivery } from './delivery.js';
import { StartGate } from './start-gate.js';

function gated(...rates: [perSecond: number, burst: number][]) {
  const clock = new ManualClock();
  const passed: string[] = [];
  const onChange = vi.fn();
  const buckets = rates.map(([perSecond, burst]) => new TokenBucket(perSecond, burst, clock));
  const gate = new StartGate(({ key }) => passed.push(key), buckets, clock, onChange);
  const pass = (...keys: string[]) => {
    for (const key of keys) gate.pass({ key } as Delivery);
  };
  return { clock, passed, onChange, gate, pass };
}

describe('the gate before an attempt', () => {
  it('lets everything pass while nothing closes it', () => {
    const { passed, pass, clock } = gated();
    pass('a', 'b');
    expect([passed, clock.pending]).toEqual([['a', 'b'], 0]);
  });

  it('stays closed until every reason is gone, and keeps the order', () => {
    const { passed, pass, gate, onChange } = gated();
    gate.close('paused');
    gate.close('halted');
    pass('a', 'b');
    gate.open('paused');
    expect([passed, gate.isClosedBy('halted')]).toEqual([[], true]);
    gate.open('halted');
    expect(passed).toEqual(['a', 'b']);
    expect(onChange).toHaveBeenCalledTimes(4);
    gate.open('halted');
    expect(onChange).toHaveBeenCalledTimes(4);
  });

  it('lets pass as many as there are tokens, and the next when there is one', async () => {
    const { passed, pass, clock } = gated([10, 1]);
    pass('a', 'b', 'c');
    expect(passed).toEqual(['a']);
    await clock.advance(100);
    expect(passed).toEqual(['a', 'b']);
    await clock.advance(100);
    expect([passed, clock.pending]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('measures what waits by other limits at once', () => {
    const { passed, pass, gate, clock } = gated([1, 1]);
    pass('a', 'b', 'c');
    gate.setBuckets([]);
    expect([passed, clock.pending]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('forgets what waits once it is shut', async () => {
    const { passed, pass, gate, clock } = gated([1, 1]);
    pass('a', 'b');
    gate.shut();
    await clock.advance(10_000);
    expect([passed, clock.pending]).toEqual([['a'], 0]);
  });
});
