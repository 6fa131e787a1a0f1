import { describe, expect, it } from 'vitest';
import { CODE } from '../errors.js';
import { Assignment } from './assignment.js';
import { encodeMetadata } from './commit-metadata.js';
import { FakeSession } from './testing/fake-session.js';
import { at, message } from './testing/fakes.js';

const ASSIGN = { code: CODE.assignPartitions };
const REVOKE = { code: CODE.revokePartitions };
const place = (partition: number, topic = 'orders') => ({ topic, partition });
const metadata = (topicId: string) => encodeMetadata(topicId, 0, () => {});

function member({ isRead = true } = {}) {
  const fake = new FakeSession();
  const share = fake.topic('orders', { isRead });
  for (const partition of [0, 1]) fake.log('orders', partition, { topicId: 'id', begin: 0, end: 9 });
  const assignment = new Assignment(fake.session);
  const event = async (what: object, ...partitions: ReturnType<typeof place>[]) => {
    assignment.rebalance(what, partitions);
    await fake.settle();
  };
  return { fake, share, assignment, event, sink: fake.sink('orders') };
}

describe('partitions that are assigned', () => {
  it('go on where the group stands, in the log that it is, and core is told before the client reads', async () => {
    const { fake, event, share, sink } = member();
    fake.committed.set('orders:0', { offset: 4, metadata: metadata('id') });
    await event(ASSIGN, place(0), place(1));
    expect(fake.told[0]).toBe('assign orders:0@4 orders:1@0');
    expect(sink.told).toEqual(['assigned 0,1']);
    expect(share.partitions.get(0)).toMatchObject({ next: 4, topicId: 'id', isPositioned: true });
  });

  it('begin at the beginning of a log that is another one, and that is told', async () => {
    const { fake, event, sink } = member();
    fake.committed.set('orders:0', { offset: 4, metadata: metadata('gone') });
    await event(ASSIGN, place(0));
    expect(fake.told[0]).toBe('assign orders:0@0');
    expect(sink.told[0]).toMatch(/failed: orders:0 outside: the topic was deleted and made anew/);
  });

  it('are taken also while nothing can be asked, and positioned as soon as it can', async () => {
    const { fake, event, share, assignment } = member();
    fake.silent = Object.assign(new Error('no answer'), { code: -195 });
    await event(ASSIGN, place(0));
    // Paused, and at no logical offset, to which the client might jump later: the group waits for no answer.
    expect(fake.told[0]).toBe('assign orders:0@0');
    expect([share.partitions.get(0)?.isPositioned, assignment.isBusy]).toEqual([false, false]);
    fake.silent = undefined;
    await fake.clock.advance(1_000);
    expect(share.partitions.get(0)).toMatchObject({ isPositioned: true, next: 0 });
    expect(fake.told).toContain('seek orders:0 0');
  });

  it('wait for a reader where the topic has none yet: only it says where to begin', async () => {
    const { fake, event, share, assignment } = member({ isRead: false });
    await event(ASSIGN, place(0));
    expect(share.partitions.get(0)?.isPositioned).toBe(false);
    share.reader = fake.sink('orders');
    assignment.positionSoon();
    await fake.settle();
    expect(share.partitions.get(0)?.isPositioned).toBe(true);
  });

  it('count as an answer of the group, also where there are none', async () => {
    const { assignment, event, share } = member();
    expect([assignment.answers, share.isReady(true)]).toEqual([0, false]);
    await event(ASSIGN);
    expect([assignment.answers, share.isReady(true)]).toEqual([1, true]);
  });
});

describe('a partition of before the client was replaced', () => {
  function kept(settledUpTo: number) {
    const all = member();
    const { fake, share } = all;
    const partition = fake.partition(share, 0);
    partition.position('id', at(0));
    for (let offset = 0; offset <= settledUpTo; offset++) {
      const delivery = partition.receive(message('orders', 0, offset));
      if (delivery !== undefined && offset < settledUpTo) partition.settle(delivery.tracker, delivery.handle);
    }
    fake.kept.set('orders:0', partition);
    share.lose();
    return { ...all, partition };
  }

  it('goes on with what it has in hand, where no other member had it', async () => {
    const { fake, event, share, partition, sink } = kept(4);
    fake.committed.set('orders:0', { offset: 3, metadata: metadata('id') });
    await event(ASSIGN, place(0));
    expect(share.partitions.get(0)).toBe(partition);
    expect(fake.told[0]).toBe('assign orders:0@5');
    expect(sink.told).toEqual([]);
  });

  it('is given up where the group went on meanwhile, or the topic is another one', async () => {
    for (const committed of [
      { offset: 6, metadata: metadata('id') },
      { offset: 2, metadata: metadata('gone') },
    ]) {
      const { fake, event, share, partition, sink } = kept(4);
      fake.committed.set('orders:0', committed);
      await event(ASSIGN, place(0));
      expect(share.partitions.get(0)).not.toBe(partition);
      expect(sink.told.map((one) => one.split(':')[0])).toContain('unassigned 0');
      expect(partition.released).toBe(true);
    }
  });

  it('is given up where the group gives it to another member', async () => {
    const { event, partition, sink } = kept(4);
    await event(ASSIGN, place(1));
    expect(partition.released).toBe(true);
    expect(sink.told).toContain('unassigned 0');
  });
});

describe('partitions that are revoked', () => {
  it('are drained, committed, and released, in this order; nothing is pushed meanwhile', async () => {
    const { fake, event, share, sink, assignment } = member();
    await event(ASSIGN, place(0));
    const partition = share.partitions.get(0);
    let drained = () => {};
    sink.drained = new Promise((resolve) => {
      drained = resolve;
    });
    fake.told.length = 0;
    await event(REVOKE, place(0));
    expect([fake.told, assignment.isBusy, partition?.isOpen]).toEqual([[], true, false]);
    drained();
    await fake.settle();
    expect(fake.told).toEqual(['commit orders:0', 'unassign orders:0']);
    expect([share.partitions.size, partition?.released, assignment.isBusy]).toEqual([0, true, false]);
    expect(sink.told).toEqual(['assigned 0', 'revoked 0']);
  });

  it('are released although they cannot be committed', async () => {
    const { fake, event } = member();
    await event(ASSIGN, place(0));
    fake.commits = Promise.reject(new Error('not in time'));
    await event(REVOKE, place(0));
    expect(fake.told.at(-1)).toBe('unassign orders:0');
    expect(fake.lines).toEqual(['warn: commit: not in time']);
  });

  it('are another member’s already where they were lost: nothing is committed', async () => {
    const { fake, event, sink } = member();
    await event(ASSIGN, place(0));
    fake.told.length = 0;
    fake.isLost = true;
    await event(REVOKE, place(0));
    expect(fake.told).toEqual(['unassign orders:0']);
    expect(sink.told).toEqual(['assigned 0', 'unassigned 0']);
  });

  it('are let go at once by a client that is being closed', async () => {
    const { fake, event } = member();
    await event(ASSIGN, place(0));
    fake.told.length = 0;
    fake.ended.abort();
    fake.session.isLeaving = true;
    await event(REVOKE, place(0));
    await event(ASSIGN, place(1));
    expect(fake.told).toEqual(['unassign orders:0']);
  });
});

it('answers events one after the other', async () => {
  const { fake, assignment, sink } = member();
  assignment.rebalance(ASSIGN, [place(0)]);
  assignment.rebalance(REVOKE, [place(0)]);
  assignment.rebalance(ASSIGN, [place(1)]);
  await assignment.settled;
  await fake.settle();
  expect(fake.told.filter((one) => /assign/.test(one))).toEqual([
    'assign orders:0@0',
    'unassign orders:0',
    'assign orders:1@0',
  ]);
  expect(sink.told).toEqual(['assigned 0', 'revoked 0', 'assigned 1']);
});
