import { describe, expect, it } from 'vitest';
import { message } from './testing/fakes.js';
import { group } from './testing/group.js';

const never = new AbortController().signal;

describe('joining a group', () => {
  it('resolves once every partition is positioned and the broker has its position', async () => {
    const { cluster, clock, membership, join } = group();
    const seen = await join(membership());
    await clock.advance(1_000);
    expect(seen.subscription).toBeDefined();
    expect(cluster.told).toContain('assign orders:0@10 orders:1@20');
    expect([...cluster.committed.values()].map(({ offset }) => offset)).toEqual([10, 20]);
  });

  it('makes subscriptions that come together one change', async () => {
    const { cluster, clock, membership, join } = group();
    const member = membership();
    const both = await Promise.all([join(member), join(member, { topic: 'letters' })]);
    await clock.advance(1_000);
    expect(both.every(({ subscription }) => subscription !== undefined)).toBe(true);
    expect(cluster.told.filter((one) => one.startsWith('subscribe'))).toEqual(['subscribe orders,letters']);
  });

  it('rejects with what the group has against the member', async () => {
    const { cluster, clock, membership, join } = group();
    cluster.refusal = Object.assign(new Error('Broker: Inconsistent group protocol'), { code: 23 });
    const seen = await join(membership());
    await clock.advance(1_000);
    expect(seen.error).toMatchObject({
      code: 'SUBSCRIBE_FAILED',
      message: expect.stringMatching(/does not admit/),
    });
  });

  it('that failed half-way begins where it began, although some partitions were committed by then', async () => {
    const { cluster, clock, membership, join, pins } = group();
    cluster.mute.add('orders:1');
    const first = await join(membership(), {}, 3_000);
    await clock.advance(30_000);
    expect(first.error).toMatchObject({ code: 'SUBSCRIBE_FAILED', retryable: true });
    expect([...cluster.committed.keys()]).toEqual(['orders:0']);
    cluster.mute.clear();
    cluster.log('orders', 1, { topicId: 'id', begin: 0, end: 25 });
    const second = await join(membership());
    await clock.advance(2_000);
    expect(second.subscription).toBeDefined();
    expect(cluster.committed.get('orders:1')?.offset).toBe(20);
    expect(pins.size).toBe(0);
  });

  it('without a group takes all partitions, and commits nothing', async () => {
    const { cluster, clock, membership, join } = group({ durable: false });
    const seen = await join(membership());
    await clock.advance(1_000);
    expect(seen.subscription).toBeDefined();
    expect(seen.sink.told).toEqual(['assigned 0,1']);
    expect([cluster.committed.size, cluster.told.includes('subscribe orders')]).toEqual([0, false]);
  });
});

describe('leaving a group', () => {
  it('with the last topic disconnects, once the group is at rest', async () => {
    const { cluster, clock, membership, join, closed } = group();
    const seen = await join(membership());
    await clock.advance(1_000);
    const closing = seen.subscription?.close({ signal: never });
    await clock.advance(1_000);
    await closing;
    expect([cluster.told.at(-1), closed()]).toEqual(['disconnect', 1]);
  });

  it('with one of two topics stays in for the other', async () => {
    const { cluster, clock, membership, join } = group();
    const member = membership();
    const [orders, letters] = await Promise.all([join(member), join(member, { topic: 'letters' })]);
    await clock.advance(1_000);
    const closing = orders.subscription?.close({ signal: never });
    await clock.advance(1_000);
    await closing;
    expect(cluster.told.findLast((one) => one.startsWith('subscribe'))).toBe('subscribe letters');
    expect(cluster.told).not.toContain('disconnect');
    expect(letters.sink.told).toEqual(['assigned 0']);
  });

  it('and taking a topic again soon has it fetched: the client keeps the pause of the assignment before', async () => {
    const { cluster, clock, membership, join } = group();
    const member = membership();
    const orders = await join(member);
    await join(member, { topic: 'letters' });
    await clock.advance(1_000);
    const closing = orders.subscription?.close({ signal: never });
    await clock.advance(1_000);
    await closing;
    expect([...cluster.paused]).toContain('orders:0');
    const again = await join(member);
    await clock.advance(1_000);
    again.subscription?.request({ messages: 10, bytes: 1_000_000 });
    expect([...cluster.paused]).not.toContain('orders:0');
  });

  it('with two topics at once waits for what both have settled to be committed', async () => {
    const { cluster, clock, membership, join, lines } = group();
    const member = membership();
    const [orders, letters] = await Promise.all([join(member), join(member, { topic: 'letters' })]);
    await clock.advance(1_000);
    cluster.arriving.push(message('orders', 0, 10));
    orders.subscription?.request({ messages: 10, bytes: 1_000 });
    await clock.advance(1_000);
    cluster.mute.add('orders:0');
    orders.subscription?.settle(
      orders.sink.pushed.map((delivery) => ({ token: delivery.token, outcome: 'handled' })),
    );
    const closing = [letters, orders].map(({ subscription }) =>
      subscription?.close({ signal: clock.timeout(3_000) }),
    );
    await clock.advance(2_000);
    expect(cluster.told.at(-1)).toBe('commit orders:0@11');
    await clock.advance(3_000);
    await Promise.all(closing);
    // The broker did not answer in the time that closing had, and nothing else cut the commit short.
    expect(lines[0]).toBe('warn: a Kafka consumer had trouble (commit): not in time');
  });

  it('where no broker answers commits nothing, which the client would try for ever, and leaves in the background', async () => {
    const { cluster, clock, membership, join, retired } = group();
    const seen = await join(membership());
    await clock.advance(1_000);
    cluster.isAway = true;
    cluster.told.length = 0;
    const closing = seen.subscription?.close({ signal: never });
    await clock.advance(2_000);
    await closing;
    expect([cluster.told, retired.length]).toEqual([[], 1]);
  });

  it('waits for the answer to a commit that the client has: before, it would not end', async () => {
    const { cluster, clock, membership, join, retired } = group();
    const seen = await join(membership());
    await clock.advance(1_000);
    const [session] = retired;
    expect(session).toBeUndefined();
    cluster.mute.add('orders:0');
    cluster.isAway = true;
    await seen.subscription?.close({ signal: never });
    const left = retired[0]?.leave();
    await clock.advance(5_000);
    await left;
    expect(cluster.told.at(-1)).toBe('disconnect');
  });
});
