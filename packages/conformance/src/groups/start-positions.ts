/** Where a group begins, and that a group with a position goes on from there. */
import assert from 'node:assert/strict';
import { UnsupportedError } from '@ebus/core';
import { declares, replay, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';

const key = 'order-1';

/** `from` counts for new groups only; an existing group goes on from its position. */
export const startPositions: Group = ({ test, testWhere, persistence }) => {
  testWhere(replay, "'earliest' begins with what the topic holds", async (t) => {
    const bus = await t.bus();
    for (const text of ['1', '2']) await bus.publish(t.topic, text, { key });
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { from: 'earliest', concurrency: 1 });
    await bus.publish(t.topic, '3', { key });
    await t.eventually(() => seen.size === 3);
    assert.deepEqual(texts(seen), ['1', '2', '3']);
  });

  test("'latest' begins with what is published after subscribe resolved", async (t) => {
    const bus = await t.bus();
    await bus.publish(t.topic, 'before', { key });
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { from: 'latest', concurrency: 1 });
    await bus.publish(t.topic, 'after', { key });
    await t.eventually(() => seen.size > 0);
    await bus.idle();
    assert.deepEqual(texts(seen), ['after']);
  });

  testWhere(replay, 'a date begins with the first message of that time', async (t) => {
    const bus = await t.bus();
    const all = collectMessages();
    await bus.subscribe(t.topic, all.handle, { from: 'earliest', concurrency: 1, group: `${t.service}-all` });
    // The broker's own stamps decide, so publish until it has stamped a later millisecond.
    const stamps = () => [...new Set(all.items.map(({ timestamp }) => timestamp?.getTime() ?? 0))];
    let published = 0;
    await t.eventually(async () => {
      await bus.publish(t.topic, String(published), { key });
      published++;
      return stamps().length >= 3;
    }, 'messages of three milliseconds');
    await t.eventually(() => all.size === published);

    const from = stamps()[1] ?? 0;
    const expected = all.items.filter(({ timestamp }) => (timestamp?.getTime() ?? 0) >= from);
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, {
      from: new Date(from),
      concurrency: 1,
      group: `${t.service}-dated`,
    });
    await t.eventually(() => seen.size === expected.length);
    assert.deepEqual(
      texts(seen),
      expected.map((message) => message.text()),
    );
  });

  const byDefault = persistence === 'persistent' ? 'earliest' : 'latest';
  test(`on ${persistence} topics the default is '${byDefault}'`, async (t) => {
    const bus = await t.bus();
    await bus.publish(t.topic, 'before', { key });
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    await bus.publish(t.topic, 'after', { key });
    await t.eventually(() => texts(seen).includes('after'));
    assert.deepEqual(texts(seen), byDefault === 'earliest' ? ['before', 'after'] : ['after']);
  });

  for (const from of ['earliest', new Date(0)] as const) {
    const title = `from: ${from instanceof Date ? 'a date' : `'${from}'`} is refused when subscribing`;
    testWhere(declares('replay', false), title, async (t) => {
      const bus = await t.bus();
      const subscribing = bus.subscribe(t.topic, () => {}, { from });
      await assert.rejects(subscribing, (error) => UnsupportedError.isInstance(error));
    });
  }

  for (const from of ['earliest', 'latest'] as const) {
    testWhere(
      [replay, restartable],
      `a group with a position goes on from there, whatever from: '${from}' says`,
      async (t) => {
        const before = await t.bus();
        const first = collectMessages();
        await before.subscribe(t.topic, first.handle, { concurrency: 1 });
        for (const text of ['1', '2']) await before.publish(t.topic, text, { key });
        await t.eventually(() => first.size === 2);
        await before.close();

        const after = await t.bus();
        await after.publish(t.topic, 'while away', { key });
        const second = collectMessages();
        await after.subscribe(t.topic, second.handle, { from, concurrency: 1 });
        await after.publish(t.topic, 'back', { key });
        await t.eventually(() => second.size === 2);
        assert.deepEqual(texts(second), ['while away', 'back']);
      },
    );
  }

  testWhere(
    [replay, restartable],
    "'latest' is pinned when subscribing: what came before the first settlement is not lost",
    async (t) => {
      const before = await t.bus();
      const stuck = t.gate();
      const subscription = await before.subscribe(t.topic, () => stuck.promise, { from: 'latest' });
      await before.publish(t.topic, '1', { key });
      await t.eventually(() => subscription.stats().running === 1);
      await before.close({ timeout: 10 });
      stuck.resolve();

      const seen = collectMessages();
      await (await t.bus()).subscribe(t.topic, seen.handle, { from: 'latest', concurrency: 1 });
      await t.eventually(() => seen.size === 1);
      assert.deepEqual(texts(seen), ['1']);
    },
  );

  testWhere(replay, 'each topic has its own position in a group', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { from: 'latest' });
    await bus.publish(other, 'held', { key });
    const held = collectMessages();
    await bus.subscribe(other, held.handle, { from: 'earliest' });
    await t.eventually(() => held.size === 1);
    assert.equal(seen.size, 0);
  });
};
