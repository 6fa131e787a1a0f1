import { beforeEach, describe, expect, it } from 'vitest';
import type { Link } from '../link.js';
import { type Deliveries, SingleDeliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';

let said: (readonly [string, string | undefined])[] = [];
const say = (reply: string, what?: string) => void said.push([reply, what]);
const link = { isClosed: false, connection: { publish: say, request: say } } as unknown as Link;

let deliveries: Deliveries;
beforeEach(() => {
  said = [];
  deliveries = new SingleDeliveries();
  deliveries.online(link);
});

const delivery = (sequence: number, count = 1) =>
  ({ sequence, reply: Buffer.from(`ack.${sequence}.${count}`) as Uint8Array }) as JetStreamDelivery;
const settle = (token: unknown, outcome: 'handled' | 'dead-lettered' | 'released' = 'handled') =>
  deliveries.settle([{ token, outcome }]);

it('says what became of each, once', () => {
  const [one, two, three] = [delivery(1), delivery(2), delivery(3)];
  for (const each of [one, two, three]) deliveries.add(each);
  settle(one);
  settle(one);
  settle(two, 'dead-lettered');
  settle(three, 'released');
  expect(said).toEqual([
    ['ack.1.1', ''],
    ['ack.2.1', '+TERM'],
    ['ack.3.1', '-NAK'],
  ]);
  expect(deliveries.size).toBe(0);
});

describe('with a clock', () => {
  const turns: (() => void)[] = [];
  const clock = { setImmediate: (turn: () => void) => void turns.push(turn) };
  const endTurn = () => {
    for (const turn of turns.splice(0)) turn();
  };
  beforeEach(() => {
    turns.length = 0;
    deliveries = new SingleDeliveries(clock);
    deliveries.online(link);
    for (const sequence of [1, 2, 3]) deliveries.add(delivery(sequence));
  });
  const held = () => [...deliveries];

  it('says all that is settled in a turn of the event loop at its end', () => {
    const [one, two, three] = held();
    settle(one);
    settle(two, 'released');
    expect([said, turns.length, deliveries.size]).toEqual([[], 1, 1]);
    endTurn();
    expect(said.map(([reply]) => reply)).toEqual(['ack.1.1', 'ack.2.1']);
    settle(three);
    endTurn();
    expect(said).toHaveLength(3);
  });

  it.each([
    ['it is asked whether all was understood', () => void deliveries.confirm()],
    ['a lease is renewed', () => void deliveries.extendLease(held())],
    ['the connection is given up', () => deliveries.online(undefined)],
  ])('says it before, where %s', (_, act) => {
    settle(held()[0]);
    act();
    expect(said[0]).toEqual(['ack.1.1', '']);
    endTurn();
    expect(said.filter(([, word]) => word === '')).toHaveLength(1);
  });

  it('throws nothing where the connection closes meanwhile', () => {
    const closing = {
      isClosed: false,
      connection: {
        publish: () => {
          throw new Error('draining');
        },
      },
    } as unknown as Link;
    deliveries.online(closing);
    settle(held()[0]);
    expect(endTurn).not.toThrow();
  });
});

it('what comes again while it is held is settled by its newest delivery', () => {
  const [one, again] = [delivery(1), delivery(1, 2)];
  deliveries.add(one);
  deliveries.add(again);
  settle(one);
  deliveries.extendLease([one, again]);
  settle(again);
  expect(said).toEqual([
    ['ack.1.2', '+WPI'],
    ['ack.1.2', ''],
  ]);
});

it('without a connection nothing is said, and what comes again is settled then', () => {
  const [one, again] = [delivery(1), delivery(1, 2)];
  deliveries.add(one);
  deliveries.online(undefined);
  settle(one);
  deliveries.online(link);
  deliveries.add(again);
  settle(again);
  expect(said).toEqual([['ack.1.2', '']]);
});

it('a stream that is made anew has other messages under the same numbers', () => {
  const [one, other] = [delivery(1), delivery(1)];
  deliveries.add(one);
  expect(deliveries.forget()).toEqual([one]);
  deliveries.add(other);
  settle(one);
  expect(said).toEqual([]);
  expect(deliveries.size).toBe(1);
});

it('what others have settled is not held any more', () => {
  for (const sequence of [1, 2, 3]) deliveries.add(delivery(sequence));
  deliveries.settledThrough(2);
  expect([...deliveries.unsettled()]).toEqual([3]);
});

it('what goes back unsettled, or is let go of, is not held, and is unsettled until the group has settled it or it comes again', () => {
  const [one, two, three] = [delivery(1), delivery(2), delivery(3)];
  for (const each of [one, two, three]) deliveries.add(each);
  settle(one, 'released');
  deliveries.drop([two]);
  settle(three);
  expect([deliveries.size, [...deliveries.unsettled()].sort()]).toEqual([0, [1, 2]]);
  deliveries.add(delivery(2, 2));
  expect([deliveries.size, [...deliveries.unsettled()].sort()]).toEqual([1, [1, 2]]);
  deliveries.settledThrough(1);
  expect([...deliveries.unsettled()]).toEqual([2]);
  deliveries.forget();
  expect([...deliveries.unsettled()]).toEqual([]);
});

it.each([
  ['settled', '+WPI', (one: JetStreamDelivery) => settle(one)],
  ['handed back', '+WPI', (one: JetStreamDelivery) => settle(one, 'released')],
  ['refused for a while', '-NAK {"delay": 1000000000}', (one: JetStreamDelivery) => deliveries.refuse(one)],
])(
  'asks whether all was understood with words that change nothing for one that is %s',
  async (_, words, act) => {
    deliveries.add(delivery(1));
    act([...deliveries][0] as JetStreamDelivery);
    said = [];
    expect(await deliveries.confirm()).toBe(true);
    expect(said).toEqual([['ack.1.1', words]]);
  },
);
