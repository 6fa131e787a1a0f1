import { describe, expect, it } from 'vitest';
import { ALL, microtasks, settlements, testLog, texts } from './testing/harness.js';

describe('receive', () => {
  it('stays pending until there is something, then takes all that was sent in one go', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    const pending = member.receive(ALL);
    await microtasks();
    for (const value of ['a', 'b', 'c']) void send(value);
    expect(texts(await pending)).toEqual(['a', 'b', 'c']);
  });

  it('is refused while the previous call is pending', async () => {
    const { subscribe } = testLog();
    const member = subscribe();
    void member.receive(ALL);
    await expect(member.receive(ALL)).rejects.toThrow('while the previous call was pending');
  });
});

describe('stop', () => {
  it('ends a pending receive and all later ones', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    const pending = member.receive(ALL);
    member.stop();
    member.stop();
    await send('a');
    expect(await pending).toBeUndefined();
    expect(await member.receive(ALL)).toBeUndefined();
  });

  it('loses nothing when a message was just sent, or just handed over', async () => {
    const { send, subscribe } = testLog();
    const one = subscribe();
    const undelivered = one.receive(ALL);
    void send('a');
    one.stop();
    expect(await undelivered).toBeUndefined();
    await one.close();

    const two = subscribe();
    const atOnce = two.receive(ALL);
    const later = two.receive(ALL);
    void send('b');
    await Promise.resolve();
    two.stop();
    const delivered = [...(await atOnce)!, ...(await later)!];
    expect(texts(delivered)).toEqual(['a', 'b']);
    two.settle(settlements(delivered, 'released'));
    await two.close();
    expect(texts(await subscribe().receive(ALL))).toEqual(['a', 'b']);
  });

  it('leaves settling possible until close', async () => {
    const { log, send, subscribe } = testLog();
    const member = subscribe();
    await send('a');
    const batch = (await member.receive(ALL))!;
    member.stop();
    member.settle(settlements(batch));
    expect(log.groups[0]?.unsettledCount).toBe(0);
  });
});

describe('close', () => {
  it('gives back what is unsettled, once', async () => {
    const { log, send, subscribe } = testLog();
    const member = subscribe();
    for (const value of ['a', 'b']) await send(value);
    const batch = (await member.receive(ALL))!;
    member.settle(settlements([batch[0]!]));
    await member.close();
    await member.close();
    member.settle(settlements(batch));
    expect(log.groups[0]?.unsettledCount).toBe(1);
    const [b] = (await subscribe().receive(ALL))!;
    expect(b).toMatchObject({ redelivered: true, deliveryCount: 2, position: { offset: 1 } });
  });
});

describe('lag', () => {
  it('counts what is not settled, and tells the time of the oldest', async () => {
    const { host, send, subscribe } = testLog();
    const member = subscribe();
    expect(await member.lag()).toEqual([{ partition: 0, lag: 0, unread: 0, position: 0, settled: -1 }]);
    const times: number[] = [];
    for (const value of ['a', 'b', 'c']) {
      times.push(host.clock.now());
      await send(value);
      await host.clock.advance(1_000);
    }
    expect(await member.lag()).toEqual([
      { partition: 0, lag: 3, unread: 3, position: 0, settled: -1, oldestTimestamp: times[0] },
    ]);
    const [a, b] = (await member.receive({ messages: 2, bytes: 1e9 }))!;
    member.settle(settlements([b!]));
    expect(await member.lag()).toEqual([
      { partition: 0, lag: 2, unread: 1, position: 0, settled: -1, oldestTimestamp: times[0] },
    ]);
    member.settle(settlements([a!]));
    expect(await member.lag()).toEqual([
      { partition: 0, lag: 1, unread: 1, position: 2, settled: 1, oldestTimestamp: times[2] },
    ]);
  });
});
