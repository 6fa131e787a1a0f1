import { describe, expect, it } from 'vitest';
import type { IncomingMessage, OffsetValue } from '../driver/message.js';
import { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';

const delivery = (partition: number, offset: OffsetValue, receivedAt = 0) =>
  new Delivery(
    {
      topic: 'orders',
      value: new Uint8Array(3),
      key: 'ab',
      headers: [['h', new Uint8Array(4)]],
      position: { partition, offset },
      // As producers may stamp it.
      timestamp: 0,
      token: undefined,
    } as unknown as IncomingMessage,
    receivedAt,
  );

function holding(...deliveries: Delivery[]): InFlight {
  const inFlight = new InFlight();
  for (const one of deliveries) {
    const share = inFlight.share(one.incoming.position?.partition ?? 0);
    if (share !== undefined) inFlight.add(one, share);
  }
  return inFlight;
}

describe('what is in flight', () => {
  it('knows the oldest of each partition, and since when the oldest of all is here, whatever its producer says', () => {
    expect(new InFlight().held()).toEqual({ held: new Map(), oldestArrival: undefined });
    const first = delivery(0, 7, 900);
    const second = delivery(0, 8, 950);
    const other = delivery(1, 3, 960);
    const inFlight = holding(first, second, other, delivery(1, 4, 970));
    expect(inFlight.held().oldestArrival).toBe(900);
    expect(inFlight.held().held.get(0)).toBe(first);
    expect(inFlight.held().held.get(1)).toBe(other);
    inFlight.letGo(first);
    inFlight.letGo(other);
    expect(inFlight.held().oldestArrival).toBe(950);
    expect(inFlight.held().held.get(0)).toBe(second);
  });

  it('counts values, keys and headers, for all and for each partition', () => {
    const one = delivery(0, 1);
    const inFlight = holding(one, delivery(1, 1));
    expect([inFlight.count, inFlight.bytes]).toEqual([2, 20]);
    inFlight.begin(one);
    inFlight.run(one);
    expect([inFlight.busy, inFlight.share(0)?.busy, inFlight.share(1)?.busy]).toEqual([1, 1, 0]);
    inFlight.finish(one, 'handled');
    expect([inFlight.count, inFlight.bytes, inFlight.busy]).toEqual([1, 10, 0]);
    expect(inFlight.share(0)).toMatchObject({ count: 0, busy: 0 });
  });

  it('refuses transitions that cannot be', () => {
    const one = delivery(0, 1);
    const inFlight = holding(one);
    expect(() => inFlight.run(one)).toThrow('cannot go from buffered to running');
    expect(() => inFlight.hold(one, 'halted')).toThrow('cannot go from buffered to halted');
    expect(() => inFlight.requeue(one)).toThrow('cannot go from buffered to queued');
    inFlight.begin(one);
    expect(() => inFlight.begin(one)).toThrow('cannot go from queued to queued');
    inFlight.run(one);
    inFlight.finish(one, 'handled');
    expect(() => inFlight.finish(one, 'handled')).toThrow('cannot go from done to done');
    inFlight.letGo(one);
    expect(inFlight.count).toBe(0);
  });

  it('goes back in the order of the log, however it came', () => {
    const [third, first, second] = [delivery(0, '1-12'), delivery(0, '1-2'), delivery(0, '1-9')];
    const inFlight = holding(third, first, second);
    inFlight.begin(first);
    inFlight.finish(first, 'released');
    expect(inFlight.count).toBe(3);
    expect(inFlight.takeBack()).toEqual([first, second, third]);
    expect([inFlight.count, inFlight.bytes]).toEqual([0, 0]);
  });

  it('goes back although it was set aside, unless it was let go of', () => {
    const [lost, kept, waiting] = [delivery(0, 3), delivery(0, 2), delivery(0, 1)];
    const other = delivery(1, 1);
    const inFlight = holding(lost, kept, waiting, other);
    for (const one of [lost, kept, other]) inFlight.setAside(one);
    expect([inFlight.count, inFlight.bytes]).toEqual([1, 10]);
    const [share] = inFlight.detach([0]);
    expect([...share!.aside]).toEqual([lost, kept]);
    inFlight.letGo(lost);
    expect(inFlight.takeBack([share!])).toEqual([waiting, kept]);
    expect(inFlight.takeBack([share!])).toEqual([]);
    expect(inFlight.takeBack()).toEqual([other]);
    expect([inFlight.count, inFlight.bytes]).toEqual([0, 0]);
  });

  it('takes nothing of a partition that was detached and is not ours', () => {
    const one = delivery(0, 1);
    const inFlight = holding(one);
    const ours = new Set([0]);
    inFlight.isOurs = (partition) => ours.has(partition);
    ours.delete(0);
    const [share] = inFlight.detach([0]);
    expect([...share!]).toEqual([one]);
    expect(inFlight.share(0)).toBeUndefined();
    ours.add(0);
    expect(inFlight.share(0)).not.toBe(share);
    inFlight.letGo(one);
    expect([inFlight.count, share!.count]).toEqual([0, 0]);
  });
});
