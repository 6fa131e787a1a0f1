import { systemClock } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { Deliveries } from './deliveries.js';
import type { Locator } from './locator.js';
import { Receiver } from './receiver.js';
import type { Target } from './target.js';

function made(accepts?: (sequence: number) => boolean) {
  const pushed: number[][] = [];
  const refused: number[] = [];
  let resumed = 0;
  const target = {
    push: (batch: readonly { sequence: number }[]) => void pushed.push(batch.map(({ sequence }) => sequence)),
    resumed: () => resumed++,
  } as unknown as Target;
  const deliveries = {
    add: () => {},
    refuse: ({ sequence }: { sequence: number }) => void refused.push(sequence),
  } as unknown as Deliveries;
  const locator = { incarnation: 'one', floor: { delivered: () => {} } } as unknown as Locator;
  const receiver = new Receiver({
    ...{ target, deliveries, locator, clock: systemClock, onPushed: () => {} },
    ...(accepts === undefined ? {} : { accepts: ({ sequence }: { sequence: number }) => accepts(sequence) }),
  });
  const receive = (sequence: number, bytes = 10) => {
    const reply = `$JS.ACK.S.c.1.${sequence}.${sequence}.1700000000000000000.0`;
    receiver.receive({ subject: 't', reply, data: new Uint8Array(bytes) } as Msg);
  };
  return { receiver, receive, pushed, refused, resumed: () => resumed };
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
