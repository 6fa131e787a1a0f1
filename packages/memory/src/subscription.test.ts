import { describe, expect, it } from 'vitest';
import { ALL, microtasks, settlements, testLog, texts } from './testing/harness.js';

describe('credit', () => {
  it('is answered once there is something, with all that was sent in one go', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    const pending = member.receive(ALL);
    await microtasks();
    for (const value of ['a', 'b', 'c']) void send(value);
    expect(texts(await pending)).toEqual(['a', 'b', 'c']);
  });
});

describe('stop', () => {
  it('ends pushing, whatever credit there is or comes', async () => {
    const { send, subscribe } = testLog();
    const member = subscribe();
    let pushed = 0;
    void member.receive(ALL).then(() => pushed++);
    member.stop();
    member.stop();
    await send('a');
    member.request(ALL);
    await microtasks();
    expect(pushed).toBe(0);
  });

  it('loses nothing when a message was just sent, or just pushed', async () => {
    const { send, subscribe } = testLog();
    const one = subscribe();
    void one.receive(ALL);
    void send('a');
    one.stop();
    await one.close();

    const two = subscribe();
    const atOnce = two.receive(ALL);
    await microtasks();
    two.stop();
    void send('b');
    const delivered = await atOnce;
    expect(texts(delivered)).toEqual(['a']);
    two.settle(settlements(delivered, 'released'));
    await two.close();
    expect(texts(await subscribe().receive(ALL))).toEqual(['a', 'b']);
  });

  it('leaves settling possible until close', async () => {
    const { log, send, subscribe } = testLog();
    const member = subscribe();
    await send('a');
    const batch = await member.receive(ALL);
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
    const batch = await member.receive(ALL);
    member.settle(settlements([batch[0]!]));
    await member.close();
    await member.close();
    member.settle(settlements(batch));
    expect(log.groups[0]?.unsettledCount).toBe(1);
    const [b] = await subscribe().receive(ALL);
    expect(b).toMatchObject({ redelivered: true, deliveryCount: 2, position: { offset: 1 } });
  });
});

describe('lag', () => {
  it('counts what is not settled, and tells the time of the oldest', async () => {
    const { host, send, subscribe } = testLog();
    const member = subscribe();
    expect(await member.lag()).toEqual([{ partition: 0, lag: 0, unread: 0, position: 0, settled: -1 }]);
    for (const value of ['a', 'b', 'c']) {
      await send(value);
      await host.clock.advance(1_000);
    }
    // Ages are no matter of dates.
    host.clock.setWall(-3_600_000);
    expect(await member.lag()).toEqual([
      { partition: 0, lag: 3, unread: 3, position: 0, settled: -1, oldestAgeMs: 3_000 },
    ]);
    const [a, b] = await member.receive({ messages: 2, bytes: 1e9 });
    member.settle(settlements([b!]));
    expect(await member.lag()).toEqual([
      { partition: 0, lag: 2, unread: 1, position: 0, settled: -1, oldestAgeMs: 3_000 },
    ]);
    member.settle(settlements([a!]));
    expect(await member.lag()).toEqual([
      { partition: 0, lag: 1, unread: 1, position: 2, settled: 1, oldestAgeMs: 1_000 },
    ]);
  });
});
