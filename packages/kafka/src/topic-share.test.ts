import type { Message } from '@confluentinc/kafka-javascript';
import { describe, expect, it } from 'vitest';
import { MAX_SPAN, Partition } from './partition.js';
import { TopicShare } from './topic-share.js';

const message = (partition: number, offset: number, size = 1) =>
  ({ topic: 't', partition, offset, size, value: null, timestamp: 0 }) as unknown as Message;

function share(...starts: number[]): { topic: TopicShare; partitions: Partition[] } {
  const topic = new TopicShare('t');
  const partitions = starts.map((start, id) => new Partition('t', id, start));
  for (const partition of partitions) topic.add(partition);
  return { topic, partitions };
}

const all = { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

describe('taking', () => {
  it('hands over each partition in log order, no more than was asked for', () => {
    const { topic, partitions } = share(0, 0);
    for (let offset = 0; offset < 5; offset++)
      for (const one of partitions) one.receive(message(one.id, offset), 0);
    const batches = [topic.take({ messages: 7, bytes: 100 }), topic.take(all), topic.take(all)];
    expect(batches.map(({ length }) => length)).toEqual([7, 3, 0]);
    for (const id of [0, 1]) {
      const offsets = batches.flat().filter(({ partition }) => partition.id === id);
      expect(offsets.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
    }
  });

  it('stops at the first past the bytes', () => {
    const { topic, partitions } = share(0);
    for (let offset = 0; offset < 5; offset++) partitions[0]?.receive(message(0, offset, 40), 0);
    expect(topic.take({ messages: 10, bytes: 100 })).toHaveLength(3);
  });

  it('holds a partition back that runs too far ahead of a stuck message, and no other', () => {
    const { topic, partitions } = share(0, 0);
    const [stuck, other] = partitions as [Partition, Partition];
    for (let offset = 0; offset < MAX_SPAN + 10; offset++) stuck.receive(message(0, offset), 0);
    const taken = topic.take(all);
    expect(taken).toHaveLength(MAX_SPAN);
    for (const { handle } of taken.slice(1)) stuck.tracker.settle(handle);
    expect([stuck.isFull, stuck.unstored]).toEqual([true, undefined]);
    other.receive(message(1, 0), 0);
    expect(topic.take(all).map(({ partition }) => partition.id)).toEqual([1]);
    stuck.tracker.settle(taken[0]?.handle ?? -1);
    expect([stuck.isFull, stuck.unstored]).toEqual([false, MAX_SPAN]);
    expect(topic.take(all)).toHaveLength(10);
  });

  it('hands over nothing of a partition that is revoked', () => {
    const { topic, partitions } = share(0);
    const [partition] = partitions as [Partition];
    partition.receive(message(0, 0), 0);
    partition.revoked = true;
    expect(topic.take(all)).toEqual([]);
  });
});

it('what came before is not taken in twice', () => {
  const partition = new Partition('t', 0, 5);
  expect([4, 5, 5, 7].map((offset) => partition.receive(message(0, offset), 0))).toEqual([
    false,
    true,
    false,
    true,
  ]);
});

it('what waits to be handed over waits since it arrived, whatever its producer wrote', () => {
  const partition = new Partition('t', 0, 0);
  partition.isPositioned = true;
  const lag = { partition: 0, lag: 2, position: 0 };
  expect(partition.unreadOf(lag, 2)).toEqual({ unread: 2 });
  partition.receive(message(0, 0), 5_000);
  partition.receive(message(0, 1), 6_000);
  expect(partition.unreadOf(lag, 2)).toEqual({ unread: 2, oldestTimestamp: 5_000 });
  partition.take();
  expect(partition.unreadOf(lag, 2)).toEqual({ unread: 1, oldestTimestamp: 6_000 });
});
