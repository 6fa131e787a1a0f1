import { describe, expect, it } from 'vitest';
import { microtasks, settlements, testLog, texts } from './testing/harness.js';

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i));
}

describe('where a new group starts', () => {
  it('at the earliest message kept, at the next one, or at a date', async () => {
    const { host, send, subscribe } = testLog();
    for (const value of ['a', 'b', 'c']) {
      await send(value);
      await host.clock.advance(1_000);
    }
    const since = new Date(host.clock.now() - 2_500);
    const groups = [
      subscribe({ group: 'all' }),
      subscribe({ group: 'new', from: 'latest' }),
      subscribe({ group: 'since', from: since }),
    ];
    await send('d');
    const received = await Promise.all(groups.map((member) => member.everything()));
    expect(received.map(texts)).toEqual([['a', 'b', 'c', 'd'], ['d'], ['b', 'c', 'd']]);
  });

  it('where the group was, once it is known', async () => {
    const { send, subscribe } = testLog();
    await subscribe({ from: 'latest' }).close();
    await send('a');
    const again = subscribe({ from: 'latest' });
    const [a] = (await again.everything()) ?? [];
    again.settle(settlements([a!]));
    await again.close();
    await send('b');
    expect(texts(await subscribe({ from: 'earliest' }).everything())).toEqual(['b']);
  });

  it('afresh, for a group that leaves nothing behind', async () => {
    const { log, send, subscribe } = testLog();
    const passing = subscribe({ durable: false });
    await send('a');
    passing.settle(settlements((await passing.everything())!));
    await passing.close();
    expect(log.groups).toEqual([]);
    expect(texts(await subscribe({ durable: false }).everything())).toEqual(['a']);
  });
});

describe('what is kept', () => {
  it('is what some group has not settled, and the newest settled ones for replay', async () => {
    const { send, subscribe } = testLog({ bufferSize: 10 });
    const [fast, slow] = [subscribe({ group: 'fast' }), subscribe({ group: 'slow' })];
    for (const value of numbers(0, 500)) await send(value);
    fast.settle(settlements((await fast.everything())!));
    const read = (await slow.everything({ messages: 400, bytes: 1e9 }))!;
    slow.settle(settlements(read.slice(1)));
    expect(texts(await subscribe({ group: 'third' }).everything())).toEqual(numbers(0, 500));
    slow.settle(settlements(read.slice(0, 1)));
    expect(texts(await subscribe({ group: 'fourth' }).everything())).toEqual(numbers(0, 500));
  });

  it('is trimmed to the replay buffer when every group has settled it', async () => {
    const { log, send, subscribe } = testLog({ bufferSize: 10 });
    const member = subscribe();
    for (const value of numbers(0, 10_000)) {
      await send(value);
      member.settle(settlements((await member.everything())!));
      expect(log.end - log.start).toBeLessThan(1_000);
    }
    expect(texts(await subscribe({ group: 'late' }).everything())).toEqual(numbers(9_990, 10_000));
  });

  it('does not shrink because a group looked in that leaves nothing behind', async () => {
    const { send, subscribe } = testLog({ bufferSize: 10, maxChannelSize: 1_000 });
    for (const value of numbers(0, 900)) await send(value);
    const passing = subscribe({ group: 'passing', durable: false });
    passing.settle(settlements((await passing.everything())!));
    await passing.close();
    expect(texts(await subscribe().everything())).toEqual(numbers(0, 900));
  });

  it('is never less than what members have', async () => {
    const { send, subscribe } = testLog({ maxChannelSize: 100 });
    const passing = subscribe({ durable: false });
    await send('slow');
    const slow = (await passing.everything())!;
    for (const value of numbers(0, 300)) {
      await send(value);
      passing.settle(settlements((await passing.everything())!));
    }
    subscribe({ group: 'other', durable: false });
    passing.settle(settlements(slow, 'released'));
    expect(texts(await passing.everything())).toEqual(['slow']);
  });

  it('is the newest maxChannelSize where no group is, and the log says so once', async () => {
    const { host, send, subscribe } = testLog({ maxChannelSize: 100 });
    for (const value of numbers(0, 100)) await send(value);
    expect(host.warnings).toEqual([]);
    for (const value of numbers(100, 300)) await send(value);
    expect(host.warnings).toHaveLength(1);
    expect(host.warnings[0]).toMatch(/'orders' has no durable group: it keeps the newest 100 messages/);
    expect(texts(await subscribe().everything())).toEqual(numbers(200, 300));
  });

  it('is nothing on an ephemeral topic once the groups that are there have it', async () => {
    const { log, send, subscribe } = testLog({ persistence: 'ephemeral' });
    await send('nobody is there');
    const member = subscribe();
    await send('a');
    expect(texts(await member.everything())).toEqual(['a']);
    await member.close();
    expect([log.groups.length, log.end - log.start]).toEqual([0, 0]);
    const again = subscribe({ from: 'earliest' });
    await send('b');
    expect(texts(await again.everything())).toEqual(['b']);
  });

  it('follows a change of persistence', async () => {
    const { log, send, subscribe } = testLog();
    await subscribe({ group: 'gone' }).close();
    const staying = subscribe({ group: 'staying' });
    await send('a');
    log.configure({ persistence: 'ephemeral' });
    expect(log.groups.map(({ name }) => name)).toEqual(['staying']);
    expect(texts(await staying.everything())).toEqual(['a']);
    log.configure({ persistence: 'persistent' });
    await staying.close();
    expect(log.groups.map(({ name }) => name)).toEqual(['staying']);
  });
});

describe('limits of a topic', () => {
  it('in messages, bytes and age discard the oldest', async () => {
    const { log, host, send } = testLog({ maxMessages: 3 });
    for (const value of numbers(0, 5)) await send(value);
    expect([log.start, log.end]).toEqual([2, 5]);
    log.configure({ maxMessages: 0, maxBytes: 2 });
    expect([log.start, log.end, log.bytes]).toEqual([3, 5, 2]);
    await send('larger than the limit');
    expect([log.start, log.end]).toEqual([5, 6]);
    log.configure({ maxBytes: -1, retentionMs: 1_000 });
    await host.clock.advance(1_001);
    await send('young');
    expect([log.start, log.end]).toEqual([6, 7]);
  });

  it('pass slow groups by, but take nothing from a member', async () => {
    const { log, send, subscribe } = testLog({ maxMessages: 3 });
    const [one, two] = [subscribe(), subscribe()];
    await send('a1', { key: 'a' });
    const a1 = (await one.everything())!;
    for (const value of numbers(0, 10)) await send(value, { key: value });
    expect(log.groups[0]?.unsettledCount).toBe(4);
    one.settle(settlements(a1, 'released'));
    const rest = [...(await two.everything())!, ...(await two.everything())!, ...(await two.everything())!];
    expect(texts(rest)).toEqual(['a1', '7', '8', '9']);
    two.settle(settlements(rest));
    expect(log.groups[0]?.unsettledCount).toBe(0);
  });

  it('make room for sends that wait', async () => {
    const { log, host, send, subscribe } = testLog({ maxChannelSize: 2, retentionMs: 1_000 });
    subscribe();
    for (const value of ['a', 'b']) await send(value);
    const waiting = send('c');
    await host.clock.advance(2_000);
    await send('d');
    await waiting;
    expect([log.start, log.end]).toEqual([2, 4]);
  });
});

describe('a full group', () => {
  it('makes sends wait, in order, until it settles', async () => {
    const { log, send, subscribe } = testLog({ maxChannelSize: 2 });
    const member = subscribe();
    const early = ['a', 'b'].map((value) => send(value));
    expect(early.map((receipt) => receipt instanceof Promise)).toEqual([false, false]);
    const late = ['c', 'd', 'e'].map((value) => send(value));
    expect(late.map((receipt) => receipt instanceof Promise)).toEqual([true, true, true]);
    const [a, b] = (await member.everything())!;
    await microtasks();
    expect(log.end).toBe(2);
    member.settle(settlements([b!]));
    expect(await late[0]).toEqual({ topic: 'orders', position: { offset: 2 } });
    expect(log.end).toBe(3);
    member.settle(settlements([a!]));
    expect(log.end).toBe(4);
    member.settle(settlements((await member.everything())!));
    expect(await late[2]).toEqual({ topic: 'orders', position: { offset: 4 } });
  });

  it('is full for the slowest group, and not any more when that vanishes', async () => {
    const { log, send, subscribe } = testLog({ maxChannelSize: 2 });
    const slow = subscribe({ group: 'slow', durable: false });
    const fast = subscribe({ group: 'fast' });
    for (const value of ['a', 'b']) await send(value);
    fast.settle(settlements((await fast.everything())!));
    const waiting = send('c');
    expect(log.queue.length).toBe(1);
    await slow.close();
    expect(await waiting).toEqual({ topic: 'orders', position: { offset: 2 } });
  });

  it('is named when a send gives up', async () => {
    const { host, send, subscribe } = testLog({ maxChannelSize: 2 });
    subscribe();
    for (const value of ['a', 'b']) await send(value);
    const failed = expect(send('c', { deadline: host.clock.monotonic() + 10 })).rejects.toThrow(
      "group 'billing' of topic 'orders' holds 2 unsettled messages (memory.maxChannelSize is 2)",
    );
    await host.clock.advance(10);
    await failed;
  });

  it('stays within its bound when a second group starts in the past', async () => {
    const { log, send, subscribe } = testLog({ maxChannelSize: 3, bufferSize: 10 });
    const member = subscribe();
    for (const value of numbers(0, 10)) {
      await send(value);
      member.settle(settlements((await member.everything())!));
    }
    const second = subscribe({ group: 'second' });
    const waiting = send('next');
    expect(log.queue.length).toBe(1);
    second.settle(settlements((await second.receive({ messages: 8, bytes: 1e9 }))!));
    await waiting;
    expect(log.groups.map(({ unsettledCount }) => unsettledCount)).toEqual([1, 3]);
  });
});
