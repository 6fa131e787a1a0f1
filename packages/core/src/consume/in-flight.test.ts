import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';

const delivery = (partition: number, offset: number, receivedAt: number) =>
  new Delivery(
    {
      value: new Uint8Array(),
      headers: [],
      position: { partition, offset },
      // As producers may stamp it.
      timestamp: 0,
      token: undefined,
    } as unknown as IncomingMessage,
    receivedAt,
  );

it('knows the oldest of each partition, and since when the oldest of all is here, whatever its producer says', () => {
  const inFlight = new InFlight();
  expect(inFlight.held()).toEqual({ held: new Map(), oldestArrival: undefined });
  const first = delivery(0, 7, 900);
  const second = delivery(0, 8, 950);
  const other = delivery(1, 3, 960);
  for (const one of [first, second, other, delivery(1, 4, 970)]) inFlight.add(one);
  expect(inFlight.held().oldestArrival).toBe(900);
  expect(inFlight.held().held.get(0)).toBe(first);
  expect(inFlight.held().held.get(1)).toBe(other);
  inFlight.remove(first);
  inFlight.remove(other);
  expect(inFlight.held().oldestArrival).toBe(950);
  expect(inFlight.held().held.get(0)).toBe(second);
});
