import { describe, expect, it } from 'vitest';
import { Partition } from './partition.js';
import { TopicShare } from './topic-share.js';

const position = { offset: 5, settled: [], isCommitted: false };

function admitted() {
  const share = new TopicShare('orders');
  const partition = new Partition({ topic: 'orders', partition: 0 });
  partition.position('id', position);
  share.partitions.set(0, partition);
  share.admit();
  return { share, partition };
}

describe('a share of a topic', () => {
  it('is ready with nothing of the topic once the group has said so', () => {
    const share = new TopicShare('orders');
    expect(share.isReady(true)).toBe(false);
    share.admit();
    expect(share.isReady(true)).toBe(true);
  });

  it('is ready only when the broker has stored each position', () => {
    const { share, partition } = admitted();
    const commit = partition.uncommitted as NonNullable<typeof partition.uncommitted>;
    expect(share.isReady(true)).toBe(false);
    partition.answered(commit, false);
    expect(share.isReady(true)).toBe(false);
    expect(partition.uncommitted).toEqual(commit);
    partition.answered(commit, true);
    expect(share.isReady(true)).toBe(true);
  });

  it('is not ready when the partition was taken away before its position was stored, until the group answers anew', () => {
    const { share } = admitted();
    share.lose([0]);
    expect(share.isReady(true)).toBe(false);
    share.admit();
    expect(share.isReady(true)).toBe(true);
  });

  it('is not ready when the client was replaced before the position was stored', () => {
    const { share } = admitted();
    share.lose();
    expect(share.partitions.size).toBe(0);
    expect(share.isReady(true)).toBe(false);
  });
});
