import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';

const delivery = (partition: number, offset: number, timestamp?: number) =>
  new Delivery(
    {
      value: new Uint8Array(),
      headers: [],
      position: { partition, offset },
      timestamp,
      token: undefined,
    } as unknown as IncomingMessage,
    0,
  );

it('knows the oldest of each partition, and the earliest publishing over all of them', () => {
  const inFlight = new InFlight();
  expect(inFlight.standing()).toEqual({ held: new Map(), oldestTimestamp: undefined });
  const first = delivery(0, 7, 900);
  const second = delivery(0, 8, 950);
  const earlier = delivery(1, 3, 100);
  for (const one of [first, second, earlier, delivery(1, 4)]) inFlight.add(one);
  expect(inFlight.standing().oldestTimestamp).toBe(100);
  expect(inFlight.standing().held.get(0)).toBe(first);
  expect(inFlight.standing().held.get(1)).toBe(earlier);
  inFlight.remove(first);
  inFlight.remove(earlier);
  expect(inFlight.standing().oldestTimestamp).toBe(950);
  expect(inFlight.standing().held.get(0)).toBe(second);
});
