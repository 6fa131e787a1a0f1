import { describe, expect, it } from 'vitest';
import { MAX_METADATA } from './commit-metadata.js';
import { type KafkaDelivery, Partition } from './partition.js';
import { at, message } from './testing/fakes.js';

function positioned(offset = 0, settled: readonly number[] = []) {
  const partition = new Partition({ topic: 'orders', partition: 3 });
  partition.position('id-1', at(offset, { settled, isCommitted: true }));
  const receive = (one: number) => partition.receive(message('orders', 3, one));
  const settle = (delivery: KafkaDelivery | undefined) =>
    delivery !== undefined && partition.settle(delivery.tracker, delivery.handle);
  return { partition, receive, settle };
}

describe('a partition', () => {
  it('commits the end of what is settled without a gap, and lists what is settled beyond it', () => {
    const { partition, receive, settle } = positioned(10);
    const [first, second, third] = [10, 11, 12].map(receive);
    expect(partition.uncommitted).toBeUndefined();
    settle(second);
    expect(partition.uncommitted).toMatchObject({
      offset: 10,
      metadata: expect.stringMatching(/^ebus:1:id-1:\w/),
    });
    settle(first);
    const commit = partition.uncommitted;
    expect(commit).toEqual({ topic: 'orders', partition: 3, offset: 12, metadata: 'ebus:1:id-1:' });
    settle(third);
    expect(partition.settledUpTo).toBe(13);
  });

  it('offers a commit again where it was refused, and not where the broker has it', () => {
    const { partition, receive, settle } = positioned();
    settle(receive(0));
    const commit = partition.uncommitted;
    if (commit === undefined) throw new Error('there is something to commit');
    expect(partition.uncommitted).toBeUndefined();
    partition.answered(commit, false);
    expect(partition.uncommitted).toEqual(commit);
    partition.answered(commit, true);
    expect(partition.uncommitted).toBeUndefined();
    expect(partition.isCommitted).toBe(true);
  });

  it('leaves out what is settled beyond, where the broker takes no metadata of that size', () => {
    const { partition, receive, settle } = positioned();
    partition.position('id-1', at(0));
    receive(0);
    for (let offset = 1; offset < 9_000; offset++) settle(receive(offset));
    const commit = partition.uncommitted;
    if (commit === undefined) throw new Error('there is something to commit');
    expect(commit.metadata.length).toBeGreaterThan(1_000);
    expect(commit.metadata.length).toBeLessThanOrEqual(MAX_METADATA);
    partition.answered(commit, false, true);
    expect(partition.uncommitted?.metadata).toBe('ebus:1:id-1:');
  });

  it('passes over what came before, and over what was settled before a restart', () => {
    const { receive, partition } = positioned(5, [7]);
    expect([4, 5, 5, 6, 7, 8].map((offset) => receive(offset)?.position.offset)).toEqual([
      undefined,
      5,
      undefined,
      6,
      undefined,
      8,
    ]);
    expect(partition.next).toBe(9);
  });

  it('goes on behind what nobody is given: markers of transactions and what compaction removed', () => {
    const { partition, receive, settle } = positioned();
    settle(receive(0));
    partition.reachedEnd(4);
    expect(partition.settledUpTo).toBe(4);
    partition.reachedEnd(2);
    expect(partition.settledUpTo).toBe(4);
  });

  it('comes to no end behind what was passed over, before that was received', () => {
    const { partition, receive, settle } = positioned();
    partition.passOver(2);
    settle(receive(0));
    settle(receive(1));
    partition.reachedEnd(4);
    expect(partition.settledUpTo).toBe(2);
    settle(receive(2));
    partition.reachedEnd(4);
    expect(partition.settledUpTo).toBe(4);
    partition.passOver(4);
    partition.readAgain();
    partition.reachedEnd(6);
    expect(partition.settledUpTo).toBe(6);
  });

  it('settles nothing of a log that is gone', () => {
    const { partition, receive, settle } = positioned();
    const old = receive(0);
    partition.position('id-2', at(0));
    receive(0);
    settle(old);
    expect(partition.place).toEqual({ offset: 0, topicId: 'id-2' });
    expect(partition.isCommitted).toBe(false);
  });

  it('is open only while it is positioned, its log is not in doubt, and it is this member’s', () => {
    const { partition } = positioned();
    expect(new Partition(partition).isOpen).toBe(false);
    expect(partition.isOpen).toBe(true);
    partition.isDoubted = true;
    partition.reachedEnd(100);
    expect([partition.isOpen, partition.next]).toEqual([false, 0]);
    partition.position('id-2', at(0));
    expect(partition.isOpen).toBe(true);
    partition.release();
    expect([partition.isOpen, partition.uncommitted]).toEqual([false, undefined]);
  });

  it('is full while too much was read beyond what is not settled', () => {
    const { partition, receive, settle } = positioned();
    const stuck = receive(0);
    for (let offset = 1; offset < 10_000; offset++) settle(receive(offset));
    expect(partition.isFull).toBe(true);
    settle(stuck);
    expect(partition.isFull).toBe(false);
  });

  it('tells what of its lag was not read, and since when that waits', () => {
    const { partition, receive } = positioned();
    receive(0);
    const lag = { partition: 3, lag: 5 };
    expect(partition.unreadOf(lag, 5, 1_000)).toEqual({ unread: 4, oldestTimestamp: 1_000 });
    expect(partition.unreadOf(lag, 6, 2_000)).toEqual({ unread: 5, oldestTimestamp: 1_000 });
    receive(1);
    expect(partition.unreadOf(lag, 6, 3_000)).toEqual({ unread: 4, oldestTimestamp: 3_000 });
    partition.reachedEnd(6);
    expect(partition.unreadOf(lag, 6, 4_000)).toEqual({ unread: 0 });
    expect(new Partition(partition).unreadOf(lag, 6, 4_000)).toEqual({});
  });
});
