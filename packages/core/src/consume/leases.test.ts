import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';
import { Leases } from './leases.js';

const LEASE_MS = 3_000;

function leases() {
  const clock = new ManualClock();
  const inFlight = new InFlight();
  const renewed: unknown[][] = [];
  const runOut: unknown[] = [];
  const leaving: Delivery[] = [];
  const made = new Leases({
    clock,
    inFlight,
    leaving: () => leaving,
    onError: () => {},
    onRunOut: (deliveries) => {
      runOut.push(...deliveries.map(({ token }) => token));
      for (const delivery of deliveries) inFlight.letGo(delivery);
    },
  });
  made.start({
    leaseMs: LEASE_MS,
    extendLease: (tokens) => void renewed.push([...tokens]),
    request: () => {},
    settle: () => {},
    stop: () => {},
    close: async () => {},
  });
  const arrive = (token: number) => {
    const delivery = new Delivery(
      { topic: 't', value: new Uint8Array(), headers: [], token },
      clock.monotonic(),
    );
    delivery.leasedAt = made.now();
    inFlight.add(delivery, inFlight.share(0)!);
    return delivery;
  };
  return { made, clock, inFlight, arrive, renewed, runOut, leaving };
}

describe('leases', () => {
  it('are renewed three times within their time, and then last', async () => {
    const { made, clock, arrive, renewed, runOut } = leases();
    const delivery = arrive(1);
    await clock.advance(2 * LEASE_MS);
    expect(renewed).toEqual(Array.from({ length: 6 }, () => [1]));
    expect([made.hasRunOut(delivery), runOut]).toEqual([false, []]);
  });

  it('of a partition that goes to another member are renewed until its handlers have ended', async () => {
    const { clock, inFlight, arrive, renewed, leaving } = leases();
    leaving.push(arrive(1));
    inFlight.detach([0]);
    await clock.advance(LEASE_MS);
    expect(renewed).toEqual([[1], [1], [1]]);
  });

  it('have run out once the process slept for longer', async () => {
    const { made, clock, arrive, renewed, runOut } = leases();
    const delivery = arrive(1);
    clock.block(LEASE_MS + 1);
    expect(made.hasRunOut(delivery)).toBe(true);
    await clock.advance(0);
    expect([renewed, runOut]).toEqual([[], [1]]);
  });

  it('of what arrived during the sleep have run out as well, whether a timer or it comes first', async () => {
    const { made, clock, arrive } = leases();
    const turns: (() => void)[] = [];
    clock.setImmediate = (fn) => void turns.push(fn);
    clock.block(LEASE_MS + 1);
    expect(made.hasRunOut(arrive(1))).toBe(true);
    await clock.advance(0);
    expect(made.hasRunOut(arrive(2))).toBe(true);
    for (const turn of turns) turn();
    expect(made.hasRunOut(arrive(3))).toBe(false);
  });

  it('last although the event loop is late again and again', async () => {
    const { made, clock, arrive, runOut } = leases();
    for (let turn = 0; turn < 20; turn++) {
      clock.block(2_900);
      await clock.advance(0);
      expect(made.hasRunOut(arrive(turn))).toBe(false);
    }
    expect(runOut).toEqual([]);
  });

  it('of what runs are renewed after a sleep, and last once it waits again', async () => {
    const { made, clock, inFlight, arrive, renewed } = leases();
    const delivery = arrive(1);
    inFlight.begin(delivery);
    inFlight.run(delivery);
    clock.block(LEASE_MS + 1);
    await clock.advance(0);
    expect(renewed[0]).toEqual([1]);
    inFlight.hold(delivery, 'backoff');
    expect(made.hasRunOut(delivery)).toBe(false);
  });
});
