import type { ConsumerInfo } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { partitionedStream, repartitioned } from './layout.js';
import { layoutOfGroup, positionsOf, readingOf } from './reading.js';

const NAMES = { stream: 'S', base: 'billing-orders', others: [] };

/** A stream of 'orders' that went through these numbers of partitions. */
function streamWith(...[first = 1, ...counts]: number[]) {
  let config = { name: 'S', subjects: ['orders'], ...(first > 1 ? partitionedStream('orders', first) : {}) };
  for (const count of counts) config = { ...config, ...repartitioned('orders', config, count) };
  return { config, created: 'now' } as unknown as Parameters<typeof readingOf>[1];
}

/** The group's consumers, by their filters, all of them settled up to 7. */
function consumersOf(filters: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const find = async ({ name }: { name: string }) => {
    asked.push(name);
    const own = filters[name];
    if (own === undefined) return undefined;
    return { config: { filter_subjects: own }, ack_floor: { stream_seq: 7 } } as unknown as ConsumerInfo;
  };
  return { find, asked };
}

async function groupReading(
  stream: Parameters<typeof readingOf>[1],
  consumers: ReturnType<typeof consumersOf>,
  partition?: number,
) {
  const begun = await layoutOfGroup(consumers, 'orders', stream, NAMES);
  const spec = { topic: 'orders', ...(partition === undefined ? {} : { partition }) };
  const reading = readingOf(spec, stream, begun);
  return { filters: reading.filters, positions: await positionsOf(consumers, reading, NAMES) };
}

describe('a look at a topic from the position of a group', () => {
  it('shows a partition of the former layout, as long as the group reads that one', async () => {
    const consumers = consumersOf({
      'billing-orders-p0': ['orders.0', 'orders.raw'],
      'billing-orders-p1': ['orders.1', 'orders.raw'],
    });
    const { filters, positions } = await groupReading(streamWith(2, 1), consumers, 1);
    expect(filters).toEqual(['orders.1', 'orders.raw']);
    expect(positions).toEqual(new Map([[1, 7]]));
  });

  it('shows what a group has not settled of the layout that it reads, and all of later ones', async () => {
    const consumers = consumersOf({ 'billing-orders': ['orders'] });
    const { filters, positions } = await groupReading(streamWith(1, 12, 3), consumers);
    expect(filters).toEqual(['orders', 'orders.*', 'orders.*.1']);
    expect(positions).toEqual(new Map([[0, 7]]));
  });

  it('leaves out former layouts: the group has settled them', async () => {
    const consumers = consumersOf({ 'billing-orders-p0': ['orders.0', 'orders.raw'] });
    expect(await groupReading(streamWith(1, 2), consumers)).toEqual({
      filters: ['orders.*'],
      positions: new Map([[0, 7]]),
    });
  });

  it('finds the one consumer of all partitions, where order holds within each instance', async () => {
    const consumers = consumersOf({ 'billing-orders-all': ['orders.*'] });
    const { filters, positions } = await groupReading(streamWith(2, 4), consumers);
    expect(filters).toEqual(['orders.*', 'orders.*.1']);
    expect(positions).toEqual(new Map([0, 1].map((partition) => [partition, 7])));
  });

  it('begins with the oldest record for a group without a position', async () => {
    const { filters, positions } = await groupReading(streamWith(1, 2), consumersOf({}));
    expect([filters, positions]).toEqual([['orders', 'orders.*'], new Map()]);
  });

  it('asks no further where the topic has had one layout only', async () => {
    const consumers = consumersOf({ 'billing-orders': ['orders'] });
    expect(await layoutOfGroup(consumers, 'orders', streamWith(1), NAMES)).toMatchObject({ partitions: 1 });
    expect(consumers.asked).toEqual([]);
  });
});
