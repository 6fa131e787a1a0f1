import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';
import { LeasedOrder } from './leased-order.js';

function delivery(offset: number, key: string, redelivered = false): Delivery {
  const message = {
    topic: 'orders',
    value: new Uint8Array(),
    headers: [],
    position: { offset },
    redelivered,
    token: offset,
  } satisfies IncomingMessage;
  const made = new Delivery(message, 0);
  made.key = key;
  return made;
}

const offsets = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ incoming }) => incoming.position?.offset);

describe('order on brokers with leases', () => {
  it('lets everything pass while nothing is missing', () => {
    const order = new LeasedOrder();
    expect(offsets(order.arrive(delivery(1, 'a')))).toEqual([1]);
    expect([order.isOpen, order.standing]).toEqual([true, 0]);
  });

  it('has everything stand back until it is known what is missing', () => {
    const order = new LeasedOrder();
    order.ask();
    expect(order.arrive(delivery(5, 'a'))).toEqual([]);
    expect(order.arrive(delivery(4, 'b'))).toEqual([]);
    expect(offsets(order.open())).toEqual([4, 5]);
  });

  it('newer ones that were here before it was known what is missing take no room, those that come later do', () => {
    const order = new LeasedOrder();
    order.ask();
    order.arrive(delivery(7, 'a'));
    order.arrive(delivery(8, 'a'));
    order.collect(3, undefined, 1);
    expect([order.standing, order.returned]).toEqual([2, 1]);
    order.arrive(delivery(1, 'a', true));
    order.arrive(delivery(9, 'a'));
    expect([order.missing, order.standing, order.returned]).toEqual([2, 4, 2]);
    order.ask();
    expect(order.returned).toBe(1);
  });

  it('holds newer messages of the same keys, and no others', () => {
    const order = new LeasedOrder();
    order.ask();
    order.arrive(delivery(10, 'a'));
    order.arrive(delivery(11, 'b'));
    const passing = order.collect(1, [{ offset: 3, key: 'a' }]);
    expect(offsets(passing)).toEqual([11]);
    expect(order.arrive(delivery(12, 'a'))).toEqual([]);
    expect(offsets(order.arrive(delivery(13, 'c')))).toEqual([13]);
    // It comes at last: it and what stood back for it, in order.
    expect(offsets(order.arrive(delivery(3, 'a', true)))).toEqual([3, 10, 12]);
    expect(order.isOpen).toBe(true);
  });

  it('holds every key where nobody can say which is missing', () => {
    const order = new LeasedOrder();
    order.ask();
    order.collect(2, undefined);
    expect(order.arrive(delivery(10, 'b'))).toEqual([]);
    expect(order.arrive(delivery(2, 'a', true))).toEqual([]);
    expect(order.missing).toBe(1);
    expect(offsets(order.arrive(delivery(1, 'a', true)))).toEqual([1, 2, 10]);
  });

  it('keeps a key back until all of it has come, however many came before', () => {
    const order = new LeasedOrder();
    order.ask();
    order.collect(2, [
      { offset: 1, key: 'a' },
      { offset: 2, key: 'a' },
      { offset: 4, key: 'b' },
    ]);
    expect(order.arrive(delivery(2, 'a', true))).toEqual([]);
    expect(order.arrive(delivery(9, 'b'))).toEqual([]);
    // 4 was settled before: with the other missing one here, nothing is waited for any more.
    expect(offsets(order.arrive(delivery(1, 'a', true)))).toEqual([1, 2, 9]);
  });

  it('looks for no more than what it may be', () => {
    const order = new LeasedOrder();
    order.ask();
    order.collect(2, [{ offset: 1, key: 'a' }]);
    expect(order.arrive(delivery(5, 'a'))).toEqual([]);
    expect(offsets(order.arrive(delivery(1, 'a', true)))).toEqual([1, 5]);
    expect(order.isOpen).toBe(true);
  });

  it('forgets nobody where it is interrupted again', () => {
    const order = new LeasedOrder();
    order.ask();
    order.collect(1, [{ offset: 1, key: 'a' }]);
    order.arrive(delivery(5, 'a'));
    order.ask();
    expect(order.arrive(delivery(6, 'b'))).toEqual([]);
    expect(offsets(order.collect(1, [{ offset: 1, key: 'a' }]))).toEqual([6]);
    expect(offsets(order.arrive(delivery(1, 'a', true)))).toEqual([1, 5]);
  });

  it('waits again for what stood back and was lost', () => {
    const order = new LeasedOrder();
    const inFlight = new InFlight();
    order.ask();
    const lost = delivery(1, 'a', true);
    inFlight.add(lost, inFlight.share(0)!);
    order.arrive(lost);
    order.arrive(delivery(2, 'a'));
    inFlight.letGo(lost);
    order.ask();
    expect(order.standing).toBe(1);
    expect(order.collect(1, [{ offset: 1, key: 'a' }])).toEqual([]);
    expect(offsets(order.arrive(delivery(1, 'a', true)))).toEqual([1, 2]);
  });

  it('does not count what had come before the question', () => {
    const order = new LeasedOrder();
    order.ask();
    order.arrive(delivery(1, 'a', true));
    // Of three unsettled ones, that one was here already.
    expect(order.collect(2, undefined, 1)).toEqual([]);
    expect(order.missing).toBe(2);
    order.arrive(delivery(2, 'a', true));
    expect(offsets(order.arrive(delivery(3, 'a', true)))).toEqual([1, 2, 3]);
  });

  it('takes off once what came while the missing ones were looked for, be it a candidate or not', () => {
    const order = new LeasedOrder();
    order.ask();
    // After the count of three, and before the look.
    order.arrive(delivery(1, 'a', true));
    // After the look had passed it.
    order.arrive(delivery(2, 'a', true));
    order.arrive(delivery(9, 'c'));
    const candidates = [
      { offset: 2, key: 'a' },
      { offset: 3, key: 'c' },
    ];
    expect(offsets(order.collect(3, candidates, 0))).toEqual([1, 2]);
    expect(order.missing).toBe(1);
    expect(offsets(order.arrive(delivery(3, 'c', true)))).toEqual([3, 9]);
  });

  it('what is here and comes a second time is none of the missing ones', () => {
    const order = new LeasedOrder();
    order.ask();
    order.collect(1, [{ offset: 3, key: 'c' }]);
    order.arrive(delivery(9, 'c'));
    expect(offsets(order.arrive(delivery(1, 'a', true)))).toEqual([1]);
    expect(order.missing).toBe(1);
    expect(offsets(order.arrive(delivery(3, 'c', true)))).toEqual([3, 9]);
  });

  it('hands each key on in the order of the log, whatever comes when', () => {
    const keys = ['a', 'b', 'c'];
    const log = fc.array(fc.constantFrom(...keys), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        log,
        fc.nat(30),
        fc.array(fc.nat(1_000)),
        fc.boolean(),
        (messages, dead, shuffle, known) => {
          const order = new LeasedOrder();
          // The first ones were a dead process's; it had settled every third.
          const gone = messages.slice(0, dead).map((key, offset) => ({ offset, key }));
          const missing = gone.filter(({ offset }) => offset % 3 !== 0);
          const newer = messages.slice(gone.length).map((key, i) => delivery(gone.length + i, key));
          const coming: Delivery[] = [...newer];
          // Each missing one comes again at any time.
          missing.forEach(({ offset, key }, i) => {
            const at = (shuffle[i] ?? 0) % (coming.length + 1);
            coming.splice(at, 0, delivery(offset, key, true));
          });
          const handled: Delivery[] = [];
          order.ask();
          if (missing.length === 0) handled.push(...order.open());
          else handled.push(...order.collect(missing.length, known ? gone : undefined));
          for (const one of coming) handled.push(...order.arrive(one));
          expect(order.isOpen).toBe(true);
          expect(handled).toHaveLength(coming.length);
          for (const key of keys) {
            const own = offsets(handled.filter((one) => one.key === key)) as number[];
            expect(own).toEqual([...own].sort((a, b) => a - b));
          }
        },
      ),
    );
  });
});
