import { systemClock } from '@ebus/core/driver';
import { type Msg, headers as natsHeaders } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { Deliveries } from './deliveries.js';
import type { Locator } from './locator.js';
import { Receiver } from './receiver.js';
import type { Target } from './target.js';

function made(accepts?: (sequence: number) => boolean) {
  const pushed: number[][] = [];
  const refused: number[] = [];
  const passed: number[] = [];
  const pins: string[] = [];
  const released: number[] = [];
  let [resumed, rooms, stripped] = [0, 0, 0];
  const target = {
    push: (batch: readonly { sequence: number }[]) => void pushed.push(batch.map(({ sequence }) => sequence)),
    resumed: () => resumed++,
    pinChanged: (pin: string) => void pins.push(pin),
  } as unknown as Target;
  const deliveries = {
    add: () => true,
    refuse: ({ sequence }: { sequence: number }) => void refused.push(sequence),
    settle: (done: readonly { token: unknown }[]) =>
      void released.push(...done.map(({ token }) => (token as { sequence: number }).sequence)),
    pass: ({ sequence }: { sequence: number }) => void passed.push(sequence),
  } as unknown as Deliveries;
  const locator = { incarnation: 'one', floor: { delivered: () => {} } } as unknown as Locator;
  const receiver = new Receiver({
    ...{
      target,
      deliveries,
      locator,
      clock: systemClock,
      onRoom: () => rooms++,
      onStripped: () => stripped++,
    },
    ...(accepts === undefined ? {} : { accepts: ({ sequence }: { sequence: number }) => accepts(sequence) }),
  });
  const receive = (sequence: number, bytes = 10, pin?: string, marker?: string, size?: string) => {
    const reply = `$JS.ACK.S.c.1.${sequence}.${sequence}.1700000000000000000.0`;
    const headers =
      pin === undefined && marker === undefined && size === undefined ? undefined : natsHeaders();
    if (pin !== undefined) headers?.set('Nats-Pin-Id', pin);
    if (marker !== undefined) headers?.set('Nats-Marker-Reason', marker);
    if (size !== undefined) headers?.set('Nats-Msg-Size', size);
    receiver.receive({ subject: 't', reply, data: new Uint8Array(bytes), headers } as Msg);
  };
  const counts = { resumed: () => resumed, rooms: () => rooms, stripped: () => stripped };
  return { receiver, receive, pushed, refused, passed, released, pins, ...counts };
}

it('pushes what came together at once, and takes it off the credit before that', async () => {
  const { receiver, receive, pushed } = made();
  receive(1, 10);
  receive(2, 20);
  expect(pushed).toEqual([]);
  expect(receiver.leftOf({ messages: 5, bytes: 100, missing: 1 })).toEqual({
    messages: 3,
    bytes: 70,
    missing: 1,
  });
  await Promise.resolve();
  expect(pushed).toEqual([[1, 2]]);
  expect(receiver.leftOf({ messages: 3, bytes: 70 })).toEqual({ messages: 3, bytes: 70 });
});

it('hands back what is no business of its target', async () => {
  const { receive, pushed, refused } = made((sequence) => sequence !== 2);
  for (const sequence of [1, 2, 3]) receive(sequence);
  await Promise.resolve();
  expect([pushed, refused]).toEqual([[[1, 3]], [2]]);
});

it('sees other members by the deliveries that are missing, and not by those to its own former requests', () => {
  const { receiver, receive } = made();
  for (const sequence of [1, 2, 3]) receive(sequence);
  expect(receiver.seesOthers).toBe(false);
  receiver.begin();
  receive(9);
  receive(10);
  expect(receiver.seesOthers).toBe(false);
  receive(12);
  expect(receiver.seesOthers).toBe(true);
  receiver.begin();
  expect(receiver.seesOthers).toBe(false);
});

it('is pinned also by a message that it refuses: the next request says so', () => {
  const { receiver, receive, refused, pins, resumed } = made((sequence) => sequence > 1);
  receive(1, 10, 'p1');
  expect([receiver.pin, pins, refused, resumed()]).toEqual(['p1', ['p1'], [1], 1]);
  receive(2, 10, 'p1');
  expect([pins, resumed()]).toEqual([['p1'], 1]);
});

it('withholds what comes without its body, and hands it back when it begins anew', () => {
  const { receiver, receive, pushed, released, stripped } = made();
  receive(1, 0, undefined, undefined, '10');
  receive(2, 10, undefined, undefined, '10');
  receiver.flush();
  expect([pushed, released, stripped()]).toEqual([[[2]], [], 1]);
  receiver.begin();
  receiver.begin();
  expect(released).toEqual([1]);
});

it('knows what it refused until others may have had it', () => {
  const { receiver, receive } = made((sequence) => sequence > 2);
  for (const sequence of [1, 2, 3]) receive(sequence, 10, 'p1');
  expect([receiver.refused.countThrough(1), receiver.refused.countThrough(3)]).toEqual([1, 2]);
  receive(4, 10, 'p2');
  expect(receiver.refused.countThrough(4)).toBe(0);
  receive(1, 10, 'p2');
  receiver.begin();
  expect(receiver.refused.countThrough(4)).toBe(0);
});

it('asks for more also after what it refuses: that has used up a part of a request', () => {
  const { receive, rooms } = made(() => false);
  for (const sequence of [1, 2, 3]) receive(sequence);
  expect(rooms()).toBe(3);
});

it("settles the server's own records of messages that it has deleted, and pushes none of them", async () => {
  const { receive, pushed, passed } = made();
  receive(1);
  receive(2, 0, undefined, 'MaxAge');
  receive(3, 0);
  receive(4, 1, undefined, 'MaxAge');
  await Promise.resolve();
  expect([pushed, passed]).toEqual([[[1, 3, 4]], [2]]);
});
