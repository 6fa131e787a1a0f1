/** Consumer groups: members share the work, each group sees everything, joining and leaving lose nothing. */
import assert from 'node:assert/strict';
import {
  AlreadySubscribedError,
  type EventBus,
  type HandlerContext,
  type Message,
  type Subscription,
  UnsupportedError,
} from '@ebus/core';
import { clusterOrdering, redelivery } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';
import { ConcurrencyMeter } from '../test-kit/concurrency.js';
import { event, interleaved } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { SequenceCheck } from '../test-kit/sequence-check.js';

/** Members of a group share the messages and keep the order; other groups get all of them. */
export const consumerGroups: Group = ({ test, testWhere }) => {
  test('each group sees every message', async (t) => {
    const bus = await t.bus();
    const [billing, shipping] = [collectMessages(), collectMessages()];
    await bus.subscribe(t.topic, billing.handle, { group: `${t.service}-billing` });
    await bus.subscribe(t.topic, shipping.handle, { group: `${t.service}-shipping` });
    const sent = Array.from({ length: 50 }, (_, i) => String(i).padStart(2, '0'));
    await Promise.all(sent.map((text) => bus.publish(t.topic, text)));
    await t.eventually(() => billing.size >= 50 && shipping.size >= 50);
    await bus.idle();
    assert.deepEqual(texts(billing).sort(), sent);
    assert.deepEqual(texts(shipping).sort(), sent);
  });

  test('members of a group share the messages', async (t) => {
    const [one, two] = [await t.bus(), await t.bus()];
    const [first, second] = [collectMessages(), collectMessages()];
    const bothBusy = t.gate();
    const handler = (seen: typeof first) => async (message: Message, context: HandlerContext) => {
      seen.handle(message, context);
      if (first.size > 0 && second.size > 0) bothBusy.resolve();
      await bothBusy.promise;
    };
    await one.subscribe(t.topic, handler(first), { concurrency: 1 });
    await two.subscribe(t.topic, handler(second), { concurrency: 1 });
    let sent = 0;
    await t.eventually(async () => {
      await one.publish(t.topic, String(sent), { key: `order-${sent}` });
      sent++;
      return first.size > 0 && second.size > 0;
    }, 'both members handle messages');
    await t.eventually(() => first.size + second.size >= sent);
    await Promise.all([one.idle(), two.idle()]);
    const all = [...texts(first), ...texts(second)].map(Number).sort((a, b) => a - b);
    assert.deepEqual(
      all,
      Array.from({ length: sent }, (_, i) => i),
    );
  });

  test('the group defaults to the one of the configuration, and is in the context', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    const subscription = await bus.subscribe(t.topic, seen.handle);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => seen.size === 1);
    assert.ok(subscription.group !== undefined && subscription.group !== '');
    assert.equal(seen.contexts[0]?.group, subscription.group);
    assert.equal(seen.contexts[0]?.topic, t.topic);
  });

  test('a second subscription of one bus to the same topic and group is refused until the first is closed', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    const first = await bus.subscribe(t.topic, seen.handle);
    for (const again of [
      () => bus.subscribe(t.topic, seen.handle),
      () => bus.subscribeEnvelope(t.topic, () => {}),
    ]) {
      await assert.rejects(again(), (error) => {
        assert.ok(AlreadySubscribedError.isInstance(error));
        assert.ok(error.message.startsWith(`already subscribed to topic: ${t.topic}`), error.message);
        assert.match(error.message, /group/);
        assert.match(error.message, /routeByEventType/);
        return true;
      });
    }
    await bus.publish(t.topic, 'first');
    await t.eventually(() => seen.size === 1);
    await first.close();
    await bus.subscribe(t.topic, seen.handle);
    await bus.publish(t.topic, 'second');
    await t.eventually(() => seen.size === 2);
    assert.deepEqual(texts(seen), ['first', 'second']);
  });

  test('of two simultaneous subscriptions to the same topic and group one is refused', async (t) => {
    const bus = await t.bus();
    const outcomes = await Promise.allSettled([
      bus.subscribe(t.topic, () => {}),
      bus.subscribe(t.topic, () => {}),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('what is published while a member joins is handled', async (t) => {
    const [one, two] = [await t.bus(), await t.bus()];
    const handled: string[] = [];
    const handler = (message: { text(): string }) => void handled.push(message.text());
    await one.subscribe(t.topic, handler);
    await publishNumbers(one, t.topic, 0, 100);
    await two.subscribe(t.topic, handler);
    await publishNumbers(two, t.topic, 100, 200);
    await t.eventually(() => new Set(handled).size === 200);
  });

  testWhere(redelivery, 'a member that leaves hands what it had to the others', async (t) => {
    const [one, two] = [await t.bus(), await t.bus()];
    const stuck = t.gate();
    const handled = new Set<string>();
    const leaving = await one.subscribe(t.topic, () => stuck.promise, { concurrency: 2 });
    await publishNumbers(two, t.topic, 0, 50);
    await t.eventually(() => leaving.stats().running === 2);
    await two.subscribe(t.topic, (message) => void handled.add(message.text()));
    await publishNumbers(two, t.topic, 50, 100);
    const closing = one.close({ timeout: 50 });
    await t.eventually(() => handled.size === 100);
    stuck.resolve();
    await closing;
  });

  testWhere(
    clusterOrdering(),
    'aggregates keep their order across members, also while one joins and one leaves',
    async (t) => {
      // Little room in each, so that both get some.
      const config = { keyedWorkerPool: { workerCount: 4, queueSize: 5 } };
      const [one, two] = [await t.bus({ config }), await t.bus({ config })];
      const meter = new ConcurrencyMeter();
      const sequences = new SequenceCheck();
      const subscribe = (bus: EventBus): Promise<Subscription> =>
        bus.subscribeEnvelope<{ sequence: number }>(
          t.topic,
          ({ aggregateId, payload }) =>
            meter.watch(aggregateId, async () => {
              await turns(1);
              sequences.add(aggregateId, payload.sequence);
            }),
          { ordering: 'cluster' },
        );
      const leaving = await subscribe(one);
      const publishing = two.publishEnvelopes(t.topic, interleaved(20, 50), { maxInFlight: 10 });
      await t.eventually(() => sequences.total > 100);
      await subscribe(two);
      await t.eventually(() => sequences.total > 400);
      await leaving.close();
      assert.deepEqual(await publishing, { published: 1000, failed: [] });
      await t.eventually(() => sequences.total >= 1000);
      await two.idle();
      sequences.assertCompleteAtLeastOnce(20, 50);
      assert.equal(meter.peakPerKey, 1);
    },
  );

  testWhere(clusterOrdering(false), "ordering: 'cluster' is refused when subscribing", async (t) => {
    const bus = await t.bus();
    const subscribing = bus.subscribeEnvelope(t.topic, () => {}, { ordering: 'cluster' });
    await assert.rejects(subscribing, (error) => UnsupportedError.isInstance(error));
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(() => seen.size === 1);
  });
};

function publishNumbers(bus: EventBus, topic: string, from: number, to: number): Promise<unknown> {
  const numbers = Array.from({ length: to - from }, (_, i) => String(from + i));
  return Promise.all(numbers.map((text) => bus.publish(topic, text, { key: `order-${text}` })));
}
