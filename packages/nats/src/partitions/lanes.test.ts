import type { ConsumerInfo } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { isDrained, laneOf, lanesOf } from './lanes.js';
import { layoutsOf, partitionedStream, repartitioned } from './layout.js';

const settings = {
  stream: 'S',
  name: 'shop-orders',
  durable: true,
  from: 'earliest',
  ordering: 'cluster',
} as const;
const changed = repartitioned('orders', partitionedStream('orders', 2), 1);

describe('the consumers of a group', () => {
  it('in order across members: one for each partition, with what others publish to the topic itself', () => {
    const [first] = layoutsOf('orders', partitionedStream('orders', 2));
    const lanes = lanesOf(first, settings);
    expect(lanes.map(({ partition, consumer }) => [partition, consumer.name, consumer.filters])).toEqual([
      [0, 'shop-orders-p0', ['orders.0', 'orders.raw']],
      [1, 'shop-orders-p1', ['orders.1', 'orders.raw']],
    ]);
    expect(lanes.every(({ consumer }) => consumer.singleActive)).toBe(true);
  });

  it('otherwise one for all partitions; without partitions the one that was always there', () => {
    const [first] = layoutsOf('orders', partitionedStream('orders', 2));
    expect(lanesOf(first, { ...settings, ordering: 'instance' })).toMatchObject([
      { consumer: { name: 'shop-orders-all', filters: ['orders.*'], singleActive: false } },
    ]);
    const [plain] = layoutsOf('orders', { subjects: ['orders'], metadata: {} });
    expect(lanesOf(plain, settings)).toMatchObject([
      { consumer: { name: 'shop-orders', filters: ['orders'] } },
    ]);
  });

  it('two layouts share none', () => {
    const names = layoutsOf('orders', changed).flatMap((layout) =>
      lanesOf(layout, settings).map((lane) => lane.consumer.name),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the consumer of a lane', () => {
  const spec = {
    stream: 'S',
    name: 'g-p0',
    filters: ['t.0'],
    durable: true,
    from: 'earliest',
    singleActive: true,
  } as const;

  /** @param goesOn before which question the group goes on with another layout */
  function lane(isThere: boolean, goesOn = 9) {
    const calls: string[] = [];
    let questions = 0;
    const call = (what: string) => async () => {
      calls.push(what);
      return { name: what } as ConsumerInfo;
    };
    const consumers = {
      find: async () => (isThere ? ({} as ConsumerInfo) : undefined),
      adopt: call('adopt'),
      ensure: call('make'),
      delete: async () => void calls.push('delete'),
    };
    return { calls, made: () => laneOf(consumers, spec, async () => ++questions > goesOn) };
  }

  it('that is there is never made again, and nothing further is asked', async () => {
    const { calls, made } = lane(true, 0);
    expect(await made()).toEqual({ name: 'adopt' });
    expect(calls).toEqual(['adopt']);
  });

  it('that was deleted is made again', async () => {
    const { calls, made } = lane(false);
    expect(await made()).toEqual({ name: 'make' });
    expect(calls).toEqual(['make']);
  });

  it('of a layout that the group has left is not', async () => {
    const { calls, made } = lane(false, 0);
    expect(await made()).toBe(undefined);
    expect(calls).toEqual([]);
  });

  it('is deleted again where the group leaves it at that moment', async () => {
    const { calls, made } = lane(false, 1);
    expect(await made()).toBe(undefined);
    expect(calls).toEqual(['make', 'delete']);
  });
});

it('a layout is drained once nothing is unread or unsettled, and its last record was given', () => {
  const info = (unread: number, unsettled: number, last: number) =>
    ({ num_pending: unread, num_ack_pending: unsettled, delivered: { stream_seq: last } }) as ConsumerInfo;
  expect(isDrained(info(0, 0, 7), 7)).toBe(true);
  expect(isDrained(info(0, 0, 6), 7)).toBe(false);
  expect(isDrained(info(1, 0, 7), 7)).toBe(false);
  expect(isDrained(info(0, 1, 7), 7)).toBe(false);
});
