/** Closing one subscription of a bus, and whatever closes what goes out of scope. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { BusClosedError, type CloseReport } from '@ebus/core';
import { restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';

const nothing: CloseReport = { handled: 0, abandoned: 0, unpublished: 0, timedOut: false };

/** A subscription closes by itself, and everything that closes can be disposed of. */
export const closingSubscriptions: Group = ({ test, testWhere }) => {
  test('a subscription closes by itself; the bus and its other subscriptions go on', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const running = t.gate();
    const [closed, going] = [collectMessages(), collectMessages()];
    const subscription = await bus.subscribe(t.topic, async (message, context) => {
      await running.promise;
      closed.handle(message, context);
    });
    await bus.subscribe(other, going.handle);
    await bus.publish(t.topic, 'before');
    await t.eventually(() => subscription.stats().running === 1);
    const closing = subscription.close();
    running.resolve();
    assert.deepEqual(await closing, { ...nothing, handled: 1 });
    assert.deepEqual(await subscription.close(), { ...nothing, handled: 1 });
    await bus.publish(t.topic, 'after');
    await bus.publish(other, 'other');
    await t.eventually(() => going.size === 1);
    await bus.idle();
    assert.deepEqual(texts(closed), ['before']);
  });

  test("a close that has less time shortens one that is under way, and so does the bus's", async (t) => {
    const bus = await t.bus();
    const stuck = t.gate();
    const other = t.newTopic();
    const [one, two] = [
      await bus.subscribe(t.topic, () => stuck.promise),
      await bus.subscribe(other, () => stuck.promise),
    ];
    await bus.publish(t.topic, 'a');
    await bus.publish(other, 'b');
    await t.eventually(() => one.stats().running + two.stats().running === 2);
    const closing = [one.close({ timeout: '10m' }), two.close({ timeout: '10m' })];
    // What says nothing about time waits for the outcome, however long it takes.
    void two.close();
    const { timedOut, abandoned } = await one.close({ timeout: 0 });
    assert.deepEqual([timedOut, abandoned], [true, 1]);
    assert.equal(two.stats().running, 1);
    assert.equal((await bus.close({ timeout: 50 })).timedOut, true);
    assert.deepEqual(
      (await Promise.all(closing)).map((report) => report.timedOut),
      [true, true],
    );
  });

  test("aborting a subscription's signal closes it", async (t) => {
    const bus = await t.bus();
    const abort = new AbortController();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { signal: abort.signal });
    await bus.publish(t.topic, 'before');
    await t.eventually(() => seen.size === 1);
    abort.abort();
    // The group is free again once the subscription has closed.
    const again = collectMessages();
    await t.eventually(async () => {
      await bus.subscribe(t.topic, again.handle);
    });
    await bus.publish(t.topic, 'after');
    await t.eventually(() => again.size === 1);
    assert.deepEqual(texts(seen), ['before']);
  });

  testWhere(
    restartable,
    'one that closes while messages come, and is made again, loses none, again and again',
    async (t) => {
      const bus = await t.bus();
      // Of the same group: the bus stays a member meanwhile.
      await bus.subscribe(t.newTopic(), () => {});
      const [sent, handled] = [new Set<string>(), new Set<string>()];
      const subscribe = () => bus.subscribe(t.topic, (message) => void handled.add(message.text()));
      for (let round = 0; round < 6; round++) {
        const subscription = await subscribe();
        const before = handled.size;
        let isOpen = true;
        const publishing = (async () => {
          for (let i = 0; isOpen; i++) {
            await bus.publish(t.topic, `${round}-${i}`);
            sent.add(`${round}-${i}`);
            // A broker within the process may answer at once, for ever.
            await turn();
          }
        })();
        await t.eventually(() => handled.size > before);
        const closing = subscription.close();
        isOpen = false;
        await Promise.all([publishing, closing]);
      }
      await subscribe();
      await t.eventually(() => handled.size === sent.size);
      assert.deepEqual([...handled].sort(), [...sent].sort());
    },
  );

  test('buses and subscriptions are disposed of like any resource', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    const subscription = await bus.subscribe(t.topic, seen.handle);
    await subscription[Symbol.asyncDispose]();
    await (await bus.subscribe(t.topic, seen.handle))[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
    await assert.rejects(bus.publish(t.topic, 'too late'), (error) => BusClosedError.isInstance(error));
  });
};
