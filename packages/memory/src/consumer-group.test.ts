import type { IncomingMessage } from '@ebus/core/driver';
import { describe, expect, it } from 'vitest';
import { ALL, microtasks, settlements, type TestMember, testLog, texts } from './testing/harness.js';

const some = (messages: number) => ({ messages, bytes: Number.MAX_SAFE_INTEGER });

/** What a member is given now; fails where it would have to wait. */
async function now(member: TestMember, demand = ALL): Promise<readonly IncomingMessage[]> {
  let batch: readonly IncomingMessage[] | undefined;
  const pending = Promise.resolve(member.receive(demand)).then((messages) => {
    batch = messages;
  });
  await microtasks();
  if (batch === undefined) throw new Error('nothing to receive');
  await pending;
  return batch;
}

describe('a single member', () => {
  it('gets messages in order, at most as many as it has room for', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    for (const value of ['a', 'b', 'c']) await send(value);
    expect(texts(await now(member, some(2)))).toEqual(['a', 'b']);
    expect(texts(await now(member, some(2)))).toEqual(['c']);
  });

  it('gets at most as many bytes as it has room for, but always one message', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    for (const value of ['1234', '12', '123456789', '1']) await send(value);
    expect(texts(await now(member, { messages: 9, bytes: 6 }))).toEqual(['1234', '12']);
    expect(texts(await now(member, { messages: 9, bytes: 6 }))).toEqual(['123456789']);
  });

  it('gets what it released again, marked as such and before anything newer', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    for (const value of ['a', 'b', 'c', 'd']) await send(value);
    const [a, b, c] = await now(member, some(3));
    member.settle(settlements([b!]));
    member.settle(settlements([a!, c!], 'released'));
    const again = await now(member);
    expect(texts(again)).toEqual(['a', 'c', 'd']);
    expect(again.map(({ deliveryCount, redelivered }) => [deliveryCount, redelivered])).toEqual([
      [2, true],
      [2, true],
      [1, false],
    ]);
    member.settle(settlements([again[0]!], 'released'));
    expect((await now(member))[0]).toMatchObject({ deliveryCount: 3, redelivered: true });
  });

  it('settles what it was given and nothing else, and that once', async () => {
    const { log, send, subscribe } = testLog();
    const member = subscribe();
    for (const value of ['a', 'b']) await send(value);
    const [a] = await now(member, some(1));
    member.settle(settlements([a!, a!]));
    member.settle(settlements([a!], 'released'));
    member.settle([{ token: 1, outcome: 'handled' }]);
    expect(log.groups[0]?.unsettledCount).toBe(1);
    expect(texts(await now(member))).toEqual(['b']);
  });
});

describe('several members', () => {
  it('keep a key at one member for as long as that has something of it', async () => {
    const { send, subscribe } = testLog();
    const [one, two] = [subscribe(), subscribe()];
    await send('a1', { key: 'a' });
    const [a1] = await now(one);
    for (const [value, key] of ['a2 a', 'b1 b', 'a3 a'].map((text) => text.split(' '))) {
      await send(value!, { key });
    }
    expect(texts(await now(two))).toEqual(['b1']);
    expect(texts(await now(one, some(1)))).toEqual(['a2']);
    one.settle(settlements([a1!]));
    await expect(now(two)).rejects.toThrow('nothing to receive');
    expect(texts(await now(one))).toEqual(['a3']);
  });

  it('hand a key on once nothing of it is unsettled', async () => {
    const { send, subscribe } = testLog();
    const [one, two] = [subscribe(), subscribe()];
    await send('a1', { key: 'a' });
    const first = await now(one);
    await send('a2', { key: 'a' });
    const waiting = two.receive(ALL);
    await microtasks();
    one.settle(settlements(first));
    expect(texts(await waiting)).toEqual(['a2']);
  });

  it('know the keys that the first member had before the second came', async () => {
    const { send, subscribe } = testLog();
    const one = subscribe();
    for (const value of ['a1', 'a2', 'a3']) await send(value, { key: 'a' });
    const [a1, a2] = await now(one);
    one.settle(settlements([a1!]));
    one.settle(settlements([a2!], 'released'));
    const two = subscribe();
    await expect(now(two)).rejects.toThrow('nothing to receive');
    expect(texts(await now(one))).toEqual(['a2']);
  });

  it('share without regard to keys where none of them needs order', async () => {
    const { send, subscribe } = testLog();
    const [one, two] = [subscribe({ ordering: 'none' }), subscribe({ ordering: 'none' })];
    for (const value of ['a1', 'a2', 'a3', 'a4']) await send(value, { key: 'a' });
    expect(texts(await now(one))).toEqual(['a1', 'a2']);
    expect(texts(await now(two))).toEqual(['a3']);
  });

  it('get about as much each, and none a large backlog at once', async () => {
    const { send, subscribe } = testLog({ maxChannelSize: 10_000 });
    const [one, two] = [subscribe(), subscribe()];
    const both = [one.receive(ALL), two.receive(ALL)];
    for (let i = 0; i < 6_000; i++) void send(`${i}`, { key: `${i}` });
    const sizes = (await Promise.all(both)).map((batch) => batch?.length);
    expect(sizes).toEqual([256, 256]);
  });

  it('wait in line: who comes later is served later', async () => {
    const { send, subscribe } = testLog();
    const [one, two] = [subscribe(), subscribe()];
    const served: string[] = [];
    const ask = (name: string, member: TestMember) =>
      Promise.resolve(member.receive(ALL)).then((batch) => void served.push(`${name} ${texts(batch)}`));
    void ask('one', one);
    void send('a');
    void ask('two', two);
    await microtasks();
    void send('b');
    await microtasks();
    expect(served).toEqual(['one a', 'two b']);
  });

  it('get their turn although another has room again as soon as it can', async () => {
    const { send, subscribe } = testLog({ maxChannelSize: 10_000 });
    const both = [subscribe(), subscribe()];
    for (let i = 0; i < 2_560; i++) void send(`${i}`);
    const batches = await Promise.all(both.map((member) => member.everything()));
    const [fewest, most] = batches.map(({ length }) => length).sort((a, b) => a - b);
    expect([fewest! + most!, fewest! > 1_000]).toEqual([2_560, true]);
  });

  it('leave without the others standing still, however many messages they leave behind', async () => {
    const { log, send, subscribe } = testLog({ maxChannelSize: 100_000 });
    const leaving = subscribe();
    for (let i = 0; i < 80_000; i++) void send(`${i}`, { key: `key-${i % 4}` });
    expect(await leaving.everything()).toHaveLength(80_000);
    const staying = subscribe();
    // Sorted in one by one, these would take a minute.
    await leaving.close();
    const taken = await staying.everything();
    expect(taken.map(({ token }) => token)).toEqual(Array.from({ length: 80_000 }, (_, offset) => offset));
    expect(log.groups[0]?.heldCount).toBe(80_000);
  });

  it('take over in order from one that leaves', async () => {
    const { send, subscribe } = testLog();
    const [one, two] = [subscribe(), subscribe()];
    for (const value of ['a1', 'a2', 'a3']) await send(value, { key: 'a' });
    const batch = [...(await now(one)), ...(await now(one))];
    expect(texts(batch)).toEqual(['a1', 'a2', 'a3']);
    one.settle(settlements([batch[1]!]));
    const waiting = two.receive(ALL);
    await one.close();
    const taken = await waiting;
    expect(texts(taken)).toEqual(['a1', 'a3']);
    expect(taken?.map(({ redelivered }) => redelivered)).toEqual([true, true]);
    one.settle(settlements(batch));
    two.settle(settlements(taken!, 'released'));
    expect((await now(two)).map(({ deliveryCount }) => deliveryCount)).toEqual([3, 3]);
  });

  it('stop tracking keys when one is left, and lose nothing that waited', async () => {
    const { send, subscribe } = testLog();
    const [one, two] = [subscribe(), subscribe()];
    await send('a1', { key: 'a' });
    const first = await now(one);
    for (const [value, key] of ['a2 a', 'b1 b', 'a3 a'].map((text) => text.split(' '))) {
      await send(value!, { key });
    }
    const b1 = await now(two);
    two.settle(settlements(b1, 'released'));
    await two.close();
    expect(texts(await now(one))).toEqual(['a2', 'b1', 'a3']);
    one.settle(settlements(first));
  });
});

it('a message that stays unsettled for long neither holds up the log nor gets lost', async () => {
  const { log, send, subscribe } = testLog({ maxChannelSize: 100, bufferSize: 10 });
  const member = subscribe();
  await send('stuck');
  const stuck = await now(member);
  for (let round = 0; round < 1_000; round++) {
    for (let i = 0; i < 50; i++) await send('x');
    member.settle(settlements(await now(member)));
  }
  expect(log.end - log.start).toBeLessThan(10_000);
  expect(log.groups[0]).toMatchObject({ unsettledCount: 1, oldestAgeMs: 0 });
  member.settle(settlements(stuck, 'released'));
  const again = await now(member);
  expect(texts(again)).toEqual(['stuck']);
  member.settle(settlements(again));
  expect(log.groups[0]?.unsettledCount).toBe(0);
});
