import { describe, expect, it } from 'vitest';
import type { NativeConsumer } from '../native-client.js';
import type { Questions } from '../questions.js';
import { lagOf, startsOf } from './lookup.js';

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

describe('lag', () => {
  it('is small also where the group goes on while it is asked: no position lies beyond the log’s end', async () => {
    let end = 1_000;
    const questions = {
      topic: async () => ({ ...topic(2), partitions: topic(2).partitions.slice(0, 1) }),
      offsets: async (_: unknown, from: string) => new Map([['orders:0', from === 'earliest' ? 0 : end++]]),
    } as unknown as Questions;
    const consumer = {
      committed: (asked: object[], _: number, done: (error: unknown, answer: unknown) => void) =>
        done(
          null,
          asked.map((one) => ({ ...one, offset: end++ })),
        ),
    } as unknown as NativeConsumer;
    const [lag] = await lagOf(questions, 'orders', consumer, () => undefined, signal);
    expect(lag).toMatchObject({ lag: 1, position: 1_000 });
    const read = () => ({ offset: end, topicId: 'id' });
    expect(await lagOf(questions, 'orders', undefined, read, signal)).toMatchObject([{ lag: 0 }]);
  });
});
