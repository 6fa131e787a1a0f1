import { expect, it } from 'vitest';
import { Delivery } from './delivery.js';
import { Halts } from './halts.js';
import { InFlight } from './in-flight.js';

it('does not try again what was lost while the one before was tried', () => {
  const inFlight = new InFlight();
  const [first, second] = [1, 2].map((token) => {
    const delivery = new Delivery({ topic: 'orders', value: new Uint8Array(), headers: [], token }, 0);
    inFlight.add(delivery, inFlight.share(0)!);
    inFlight.begin(delivery);
    inFlight.run(delivery);
    return delivery;
  }) as [Delivery, Delivery];
  const resumed: Delivery[] = [];
  const resume = (delivery: Delivery) => {
    resumed.push(delivery);
    // It is begun at once, and finds that the leases have run out.
    inFlight.letGo(second);
  };
  const gate = { open: () => {} };
  const halts = new Halts({ inFlight, ordered: true, dispatcher: { resume }, gate } as never);
  halts.add(first);
  halts.add(second);
  halts.retry(undefined);
  expect(resumed).toEqual([first]);
});
