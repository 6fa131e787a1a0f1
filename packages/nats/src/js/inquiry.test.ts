import { type ConsumerInfo, JetStreamApiError } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Consumers } from '../consumers.js';
import { Inquiry } from './inquiry.js';
import type { Locator } from './locator.js';
import type { PullInbox } from './pull-inbox.js';
import type { Receiver } from './receiver.js';
import { Timers } from './timers.js';

const gone = new JetStreamApiError({ code: 404, err_code: 10014, description: 'consumer not found' });
const info = { delivered: { consumer_seq: 5, stream_seq: 9 } } as ConsumerInfo;

/** A consumer that the server knows, or not, and of which so many deliveries have come. */
function made({ isThere = true, isKnown = true, singleActive = true, received = 5, inbox = false } = {}) {
  const clock = new ManualClock();
  const at = { received, epoch: 1, isInPlace: true, looks: 0 };
  const notFound: number[] = [];
  const receiver = {
    seesOthers: false,
    refused: { countThrough: (last: number) => last },
    hasReceived: (count: number) => at.received >= count,
    get count() {
      return at.received;
    },
  } as unknown as Receiver;
  const isInPlace = async () => {
    at.looks++;
    return at.isInPlace;
  };
  const inquiry = new Inquiry({
    consumers: {
      info: () => (isThere ? Promise.resolve(info) : Promise.reject(gone)),
    } as unknown as Consumers,
    locator: {
      spec: { singleActive },
      incarnation: 'one',
      knows: () => isKnown,
      isInPlace,
    } as unknown as Locator,
    deliveries: { settledHere: () => 2 },
    ...{
      clock,
      receiver,
      timers: new Timers(clock),
      inbox: () => (inbox ? ({} as PullInbox) : undefined),
      epoch: () => at.epoch,
    },
    notFound: (epoch) => void notFound.push(epoch),
  });
  return { clock, at, notFound, inquiry };
}

/** Whether an answer is there yet. */
function answered(answer: Promise<unknown>) {
  const state = { done: false };
  void answer.then(() => {
    state.done = true;
  });
  return state;
}

it('tells what the server counts, and how much of that was refused here', async () => {
  expect(await made().inquiry.state()).toEqual({
    ...{ info, incarnation: 'one', seesOthers: false, unheld: 11, ownRequests: 0 },
  });
});

it('waits for what the server has counted and not sent yet, but not for long', async () => {
  const { clock, at, inquiry } = made({ received: 4 });
  const first = answered(inquiry.state());
  await clock.advance(100);
  expect(first.done).toBe(false);
  at.received = 5;
  await clock.advance(10);
  expect(first.done).toBe(true);
  at.received = 4;
  const second = answered(inquiry.state());
  await clock.advance(500);
  expect(second.done).toBe(true);
});

it('waits no longer once the connection was interrupted', async () => {
  const { clock, at, inquiry } = made({ received: 4 });
  const answer = answered(inquiry.state());
  await clock.advance(10);
  at.epoch = 2;
  await clock.advance(10);
  expect(answer.done).toBe(true);
});

it('waits for nothing where other members are given messages as well', async () => {
  const answer = answered(made({ received: 4, singleActive: false }).inquiry.state());
  await new Promise((resolve) => setImmediate(resolve));
  expect(answer.done).toBe(true);
});

it('says when the consumer is gone, or is another one', async () => {
  const another = made({ isKnown: false });
  await another.inquiry.state();
  const none = made({ isThere: false });
  await expect(none.inquiry.state()).rejects.toBe(gone);
  expect([another.notFound, none.notFound]).toEqual([[1], [1]]);
});

it('looks at the consumer every 30 s, and has it located where it is another one', async () => {
  const { clock, at, notFound } = made({ inbox: true });
  await clock.advance(29_000);
  expect(at.looks).toBe(0);
  await clock.advance(1_000);
  expect([at.looks, notFound]).toEqual([1, []]);
  at.isInPlace = false;
  await clock.advance(30_000);
  expect([at.looks, notFound]).toEqual([2, [1]]);
});

it('does not look while nothing is asked for', async () => {
  const { clock, at, inquiry } = made();
  await clock.advance(90_000);
  await inquiry.look();
  expect(at.looks).toBe(0);
});
