import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { SingleDeliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { SingleActive } from './single-active.js';

function made(ackWait = 4_000) {
  const clock = new ManualClock();
  const deliveries = new SingleDeliveries();
  const asked: number[] = [];
  const lost: number[] = [];
  const single = new SingleActive({
    ...{ clock, deliveries, ackWait },
    keepPinned: () => void asked.push(clock.monotonic()),
    onLost: (gone) => void lost.push(...gone.map(({ sequence }) => sequence)),
  });
  const hold = (sequence: number) => {
    const delivery = { sequence, reply: Buffer.from(`ack.${sequence}`) as Uint8Array } as JetStreamDelivery;
    deliveries.add(delivery);
    single.begun([delivery]);
    return delivery;
  };
  return { clock, deliveries, single, asked, lost, hold };
}

it('keeps its place while messages are in hand, four times within the time of a pin', async () => {
  const { clock, deliveries, single, asked, hold } = made();
  await clock.advance(2_000);
  expect(asked).toEqual([]);
  const delivery = hold(1);
  await clock.advance(2_000);
  expect(asked).toHaveLength(2);
  deliveries.drop([delivery]);
  await clock.advance(2_000);
  expect(asked).toHaveLength(2);
  hold(2);
  single.stop();
  await clock.advance(2_000);
  expect(asked).toHaveLength(2);
});

it.each([
  [500, 2_000],
  [4_000, 4_000],
  [30_000, 10_000],
])('with leases of %s ms a pin lasts for %s ms', (ackWait, ttlMs) => {
  expect(made(ackWait).single.ttlMs).toBe(ttlMs);
});

it('lets go of what it could not renew, unless it has stopped', async () => {
  const { clock, single, lost, hold } = made();
  const delivery = hold(1);
  // Without a connection nothing is confirmed.
  single.renew([delivery]);
  await clock.advance(4_000);
  expect(lost).toEqual([1]);
  hold(2);
  single.stop();
  await clock.advance(8_000);
  expect(lost).toEqual([1]);
});
