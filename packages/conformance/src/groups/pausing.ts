/** `pause` and `resume`. */
import assert from 'node:assert/strict';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';

/** A paused subscription starts no handler, and loses nothing. */
export const pausing: Group = ({ test }) => {
  test('while paused no handler starts; after resume everything is handled', async (t) => {
    const bus = await t.bus();
    const [seen, witness] = [collectMessages(), collectMessages()];
    const subscription = await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    await bus.subscribe(t.topic, witness.handle, { group: `${t.service}-witness` });
    assert.equal(subscription.stats().paused, false);
    subscription.pause();
    subscription.pause();
    assert.equal(subscription.stats().paused, true);
    for (const text of ['1', '2', '3']) await bus.publish(t.topic, text, { key: 'order-1' });
    await t.eventually(() => witness.size === 3);
    assert.deepEqual(texts(seen), []);
    subscription.resume();
    subscription.resume();
    assert.equal(subscription.stats().paused, false);
    await t.eventually(() => seen.size === 3);
    assert.deepEqual(texts(seen), ['1', '2', '3']);
  });

  test('a running handler runs on while what is queued behind it waits', async (t) => {
    const bus = await t.bus();
    const running = t.gate();
    const handled: string[] = [];
    const subscription = await bus.subscribe(
      t.topic,
      async (message) => {
        if (message.text() === 'first') await running.promise;
        handled.push(message.text());
      },
      { concurrency: 1 },
    );
    await bus.publish(t.topic, 'first', { key: 'order-1' });
    await bus.publish(t.topic, 'second', { key: 'order-1' });
    await t.eventually(() => subscription.stats().running === 1);
    subscription.pause();
    running.resolve();
    await t.eventually(() => subscription.stats().handled === 1);
    assert.equal(subscription.stats().running, 0);
    assert.deepEqual(handled, ['first']);
    subscription.resume();
    await t.eventually(() => handled.length === 2);
  });

  test('pausing one subscription leaves the others alone', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const [paused, going] = [collectMessages(), collectMessages()];
    const subscription = await bus.subscribe(t.topic, paused.handle);
    await bus.subscribe(other, going.handle);
    subscription.pause();
    await bus.publish(t.topic, 'here');
    await bus.publish(other, 'there');
    await t.eventually(() => going.size === 1);
    assert.equal(paused.size, 0);
    subscription.resume();
    await t.eventually(() => paused.size === 1);
  });

  test('a paused subscription closes', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, () => {});
    subscription.pause();
    await bus.publish(t.topic, 'hello');
    const report = await subscription.close();
    assert.equal(report.handled, 0);
    assert.equal(report.timedOut, false);
  });
};
