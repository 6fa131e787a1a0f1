import { describe, expect, it } from 'vitest';
import type { Questions } from '../questions.js';
import { startsOf } from './lookup.js';

const signal = new AbortController().signal;

/** Of a topic with three partitions. @param leader of partition 1 @param offsets as the cluster tells them */
const cluster = (leader: number, offsets: ReadonlyMap<string, number>) =>
  ({
    topic: async () => topic(leader),
    readableTopic: async () => topic(leader),
    offsets: async () => offsets,
  }) as unknown as Questions;

const topic = (leader: number) => ({
  topicId: 'id',
  mayRead: true,
  partitions: [0, 1, 2].map((partition) => ({
    partition,
    leader: partition === 1 ? leader : 2,
    replicas: 1,
  })),
});

const all = new Map([
  ['orders:0', 10],
  ['orders:1', 20],
  ['orders:2', 30],
]);

describe('where a group without positions begins', () => {
  it('is pinned for all partitions', async () => {
    const starts = await startsOf(cluster(2, all), 'orders', 'latest', undefined, signal);
    expect([...starts.values()].map(({ offset }) => offset)).toEqual([10, 20, 30]);
  });

  it('is not known while one has no leader: it would be read from its beginning', async () => {
    await expect(startsOf(cluster(-1, all), 'orders', 'latest', undefined, signal)).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      retryable: true,
      message: expect.stringContaining("partition 1 of 'orders' has no leader"),
    });
  });

  it('is not known where the cluster leaves one out', async () => {
    const some = new Map([...all].filter(([key]) => key !== 'orders:2'));
    await expect(startsOf(cluster(2, some), 'orders', 'latest', undefined, signal)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining("partition 2 of 'orders'"),
    });
  });
});
