import { type ConsumerInfo, JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import type { Consumers } from '../consumers.js';
import type { Streams } from '../streams.js';
import { SingleDeliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { Locator, Superseded } from './locator.js';

const [OLD, NEW, NEWER] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'];
const gone = new JetStreamApiError({ code: 404, err_code: 10014, description: 'consumer not found' });

function info(created: string, floor = 7): ConsumerInfo {
  const at = { consumer_seq: floor, stream_seq: floor };
  return { created, ack_floor: at, delivered: at } as ConsumerInfo;
}

/** What the server has: a stream, and a consumer or none. */
function located(
  stream: { created: string; name?: string } | undefined,
  consumer: ConsumerInfo | undefined,
  isSuperseded?: () => Promise<boolean>,
  { holder = 'S', unfit = false, said = [] as string[] } = {},
) {
  const made: unknown[] = [];
  const at = { unfit, restored: 0, restore: async () => void at.restored++ };
  const warn = (_: unknown, text: unknown) => void said.push(String(text));
  const logger = { debug() {}, info() {}, warn, error() {} };
  const lost: number[] = [];
  const deliveries = new SingleDeliveries();
  const consumers = {
    info: async () => consumer ?? Promise.reject(gone),
    ensure: async ({ stream: name, from }: { stream: string; from: unknown }) => {
      made.push([name, from]);
      return info(NEWER);
    },
    adopt: async (_: unknown, found: ConsumerInfo) => found,
    check: () => {
      if (at.unfit) throw new Error('it delivers other subjects');
    },
    restore: () => at.restore(),
    delete: async () => void made.push('deleted'),
  } as unknown as Consumers;
  const found = stream && ({ config: { name: stream.name ?? 'S' }, created: stream.created } as StreamInfo);
  const streams = { findUsable: async () => found, nameOf: async () => holder } as unknown as Streams;
  const onLost = (gone: readonly JetStreamDelivery[]) =>
    void lost.push(...gone.map(({ sequence }) => sequence));
  const spec = {
    stream: 'S',
    name: 'c',
    filters: ['t'],
    durable: true,
    from: 'latest',
    singleActive: false,
  } as const;
  const options = {
    ...{ consumers, streams, deliveries, logger, topic: 't', onLost },
    ...(isSuperseded === undefined ? {} : { isSuperseded }),
  };
  deliveries.add({ sequence: 9, reply: Buffer.from('ack.9') as Uint8Array } as JetStreamDelivery);
  return {
    locator: new Locator(options, { spec, info: info(OLD), incarnation: OLD }),
    deliveries,
    made,
    lost,
    at,
  };
}

it('keeps the consumer that is there, and forgets what others have settled', async () => {
  const { locator, deliveries, made, lost } = located({ created: OLD }, info(OLD, 9));
  await locator.locate();
  expect([made, lost, deliveries.size]).toEqual([[], [], 0]);
});

it('makes one that was deleted again behind what is settled, whatever the subscription began with', async () => {
  const { locator, deliveries, made, lost } = located({ created: OLD }, undefined);
  await locator.locate();
  expect([made, lost, deliveries.size]).toEqual([[['S', 8]], [], 1]);
  expect(locator.knows(info(NEWER))).toBe(true);
});

it.each(['handed back', 'let go of'])('makes one again before a message that was %s', async (how) => {
  const { locator, deliveries, made } = located({ created: OLD }, undefined);
  locator.floor.delivered(8, 8);
  locator.floor.delivered(9, 9);
  const held = [...deliveries];
  if (how === 'let go of') deliveries.drop(held);
  else deliveries.settle(held.map((token) => ({ token, outcome: 'released' })));
  await locator.locate();
  expect(made).toEqual([['S', 9]]);
});

it('asks how far the group is while what was handed back may be settled elsewhere', async () => {
  const { locator, deliveries } = located({ created: OLD }, info(OLD, 9));
  deliveries.settle([...deliveries].map((token) => ({ token, outcome: 'released' })));
  await locator.refreshFloor();
  expect([...deliveries.unsettled()]).toEqual([]);
});

it('reads all of a stream that was made anew, under another name as well, and tells what went with the old one', async () => {
  const { locator, made, lost } = located({ created: NEW, name: 'T' }, undefined);
  await locator.locate();
  expect([made, lost]).toEqual([[['T', 'earliest']], [9]]);
  expect([locator.incarnation, locator.spec.stream]).toEqual([NEW, 'T']);
});

it('takes up another consumer of its name, and tells what went where its stream is another one', async () => {
  const same = located({ created: OLD }, info(NEW));
  await same.locator.locate();
  const other = located({ created: NEW }, info(NEW));
  await other.locator.locate();
  expect([same.lost, other.lost]).toEqual([[], [9]]);
});

it('without a stream is an error that passes', async () => {
  const { locator } = located(undefined, undefined);
  await expect(locator.locate()).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND', retryable: true });
});

it('makes none that the group has gone on from, before or at that moment', async () => {
  const before = located({ created: OLD }, undefined, async () => true);
  await expect(before.locator.locate()).rejects.toThrow(Superseded);
  let questions = 0;
  const meanwhile = located({ created: OLD }, undefined, async () => ++questions > 1);
  await expect(meanwhile.locator.locate()).rejects.toThrow(Superseded);
  expect([before.made, meanwhile.made]).toEqual([[], [['S', 8], 'deleted']]);
});

const drained = { ...info(OLD, 9), num_pending: 0, num_ack_pending: 0 } as ConsumerInfo;

it('goes over to the stream that holds the topic by now, once the group has settled all of the former one', async () => {
  const elsewhere = { created: NEW, name: 'T' };
  for (const left of [{ num_pending: 1 }, { num_ack_pending: 1 }]) {
    const { locator, made } = located(elsewhere, { ...drained, ...left }, undefined, { holder: 'T' });
    expect(await locator.isInPlace()).toBe(true);
    await locator.locate();
    expect(made).toEqual([]);
  }
  const { locator, made } = located(elsewhere, drained, undefined, { holder: 'T' });
  expect(await locator.isInPlace()).toBe(false);
  await locator.locate();
  expect(made).toEqual([['T', 'earliest']]);
  expect([locator.incarnation, locator.spec.stream]).toEqual([NEW, 'T']);
});

it('stays where the topic is, and where no stream holds it just now', async () => {
  for (const holder of ['S', undefined]) {
    const { locator } = located({ created: OLD }, drained, undefined, { holder: holder as string });
    expect(await locator.isInPlace()).toBe(true);
  }
});

it('says again and again that a consumer was changed so that it does not fit, until it was changed back', async () => {
  const { locator, at } = located({ created: OLD }, drained, undefined, { unfit: true });
  expect(await locator.isInPlace()).toBe(false);
  await expect(locator.locate()).rejects.toThrow('other subjects');
  at.unfit = false;
  await locator.locate();
  expect(await locator.isInPlace()).toBe(true);
});

it('tells once that a consumer is paused, and takes back what breaks it at each look', async () => {
  const said: string[] = [];
  const paused = {
    ...drained,
    paused: true,
    config: { pause_until: '2026-02-01T00:00:00Z' },
  } as ConsumerInfo;
  const { locator, at } = located({ created: OLD }, paused, undefined, { said });
  expect([await locator.isInPlace(), await locator.isInPlace()]).toEqual([true, true]);
  expect([at.restored, said]).toEqual([
    2,
    ['the consumer is paused until 2026-02-01T00:00:00.000Z: nothing is received before'],
  ]);
});

it('says that it cannot take back what breaks a consumer, and reads on', async () => {
  const said: string[] = [];
  const { locator, at } = located({ created: OLD }, drained, undefined, { said });
  at.restore = () => Promise.reject(new Error('not permitted'));
  expect([await locator.isInPlace(), said]).toEqual([
    true,
    ['the consumer was changed, and cannot be changed back'],
  ]);
});
