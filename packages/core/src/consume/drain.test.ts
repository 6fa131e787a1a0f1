import { describe, expect, it, vi } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Delivery } from './delivery.js';
import { Drain } from './drain.js';
import { InFlight, type PartitionShare } from './in-flight.js';

function draining() {
  const [clock, inFlight] = [new ManualClock(), new InFlight()];
  const run = (partition: number) => {
    const incoming = {
      topic: 'orders',
      value: new Uint8Array(),
      headers: [],
      position: { partition, offset: 0 },
    };
    const delivery = new Delivery(incoming as never as IncomingMessage, 0);
    inFlight.add(delivery, inFlight.share(partition) as PartitionShare);
    inFlight.begin(delivery);
    inFlight.run(delivery);
    return delivery;
  };
  return { clock, inFlight, drain: new Drain(inFlight, clock), run };
}

describe('a drain', () => {
  it('is over at once where nothing runs', async () => {
    const { drain, clock } = draining();
    await expect(drain.within(1_000)).resolves.toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('ends with the last that runs, and leaves nothing behind', async () => {
    const { drain, inFlight, clock, run } = draining();
    const [first, last] = [run(0), run(0)];
    const drained = drain.within(1_000);
    inFlight.finish(first, 'handled');
    expect(clock.pending).toBe(1);
    inFlight.finish(last, 'handled');
    await expect(drained).resolves.toBe(true);
    expect([clock.pending, inFlight.onFreed]).toEqual([0, undefined]);
  });

  it('is given up when its time is over, or its signal aborts', async () => {
    const { drain, clock, run } = draining();
    run(0);
    const late = drain.within(1_000);
    await clock.advance(1_000);
    await expect(late).resolves.toBe(false);
    const abort = new AbortController();
    const cut = drain.within(1_000, { signal: abort.signal });
    abort.abort();
    await expect(cut).resolves.toBe(false);
    await expect(drain.within(1_000, { signal: abort.signal })).resolves.toBe(false);
  });

  it('of one partition neither waits for others nor looks at their messages', async () => {
    const { drain, inFlight, run } = draining();
    for (let i = 0; i < 1_000; i++) run(1);
    const own = run(0);
    const [share] = inFlight.detach([0]);
    const looked = vi.spyOn(inFlight, Symbol.iterator);
    const drained = drain.within(1_000, { shares: [share as PartitionShare] });
    for (let i = 0; i < 1_000; i++) inFlight.finish(run(1), 'handled');
    inFlight.finish(own, 'handled');
    await expect(drained).resolves.toBe(true);
    expect(inFlight.busy).toBe(1_000);
    expect(looked).not.toHaveBeenCalled();
  });
});
