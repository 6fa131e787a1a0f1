/** Members that others keep out, and members that do nothing, beside members that work. */
import assert from 'node:assert/strict';
import { EbusError, type EventBus } from '@ebus/core';
import { clusterOrdering, ordering, redelivery, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, type EventPayload, texts } from '../test-kit/collector.js';
import { ConcurrencyMeter } from '../test-kit/concurrency.js';
import { event, interleaved } from '../test-kit/events.js';
import { History } from '../test-kit/history.js';
import type { Scenario } from '../test-kit/scenario.js';

/** Publishes numbered messages of many keys, and waits until all were handled by anybody. */
async function allHandled(
  t: Scenario,
  bus: EventBus,
  handled: Set<string>,
  from: number,
  to: number,
): Promise<void> {
  for (let n = from; n < to; n++) await bus.publish(t.topic, String(n), { key: `order-${n}` });
  await t.eventually(() => handled.size >= to, `${to} messages are handled, got ${handled.size}`);
}

/** Members that cannot join, are paused or hold a halted key do not stop the others. */
export const membership: Group = ({ prove, testWhere }) => {
  prove(
    ['log.occupy'],
    restartable,
    'a group that admits no member: subscribe rejects, or the bus is unhealthy, and says why; then it joins',
    async (t) => {
      const bus = await t.bus();
      await bus.publish(t.topic, '1', { key: 'a' });
      const group = `${t.service}-occupied`;
      const giveUp = await t.log.occupy(t.topic, group);
      const seen = collectMessages();
      const subscribing = bus
        .subscribe(t.topic, seen.handle, { group, from: 'earliest', signal: AbortSignal.timeout(15_000) })
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      let outcome: unknown = 'pending';
      subscribing.then((error) => {
        outcome = error;
      });
      await t.eventually(async () => {
        if (outcome !== 'pending' && outcome !== undefined) return true;
        const { status, checks } = await bus.health.report();
        return (
          status === 'unhealthy' &&
          checks.some(({ reason }) => reason?.includes(t.topic) || reason?.includes(group))
        );
      }, 'it is told');
      if (outcome !== 'pending' && outcome !== undefined) {
        assert.ok(EbusError.isInstance(outcome), String(outcome));
        assert.notEqual(outcome.code, 'ABORTED', 'it gave up without a reason');
        assert.notEqual(outcome.code, 'INTERNAL', outcome.message);
      }
      await giveUp();
      await t.eventually(async () => {
        if ((await subscribing) === undefined) return true;
        return bus.subscribe(t.topic, seen.handle, { group, from: 'earliest' }).then(
          () => true,
          () => false,
        );
      }, 'it joins');
      await t.eventually(() => seen.size > 0, 'it gets the messages');
      assert.deepEqual(texts(seen), ['1']);
    },
  );

  testWhere(
    redelivery,
    'a member that is paused keeps nothing for ever: once it leaves, the others have all',
    async (t) => {
      const [one, two] = [await t.bus(), await t.bus()];
      const handled = new Set<string>();
      const handle = (message: { text(): string }) => void handled.add(message.text());
      const paused = await one.subscribe(t.topic, handle);
      await two.subscribe(t.topic, handle);
      await allHandled(t, two, handled, 0, 50);
      paused.pause();
      for (let n = 50; n < 100; n++) await two.publish(t.topic, String(n), { key: `order-${n}` });
      await one.close();
      await t.eventually(() => handled.size >= 100, 'all are handled by the other');
    },
  );

  testWhere(
    redelivery,
    'a subscription that is paused does not stop another topic of its bus and group',
    async (t) => {
      const other = t.newTopic();
      const bus = await t.bus();
      const [held, seen] = [collectMessages(), collectMessages()];
      const paused = await bus.subscribe(t.topic, held.handle);
      await bus.subscribe(other, seen.handle);
      paused.pause();
      for (let n = 0; n < 20; n++) {
        await bus.publish(t.topic, String(n), { key: `order-${n}` });
        await bus.publish(other, String(n), { key: `order-${n}` });
      }
      await t.eventually(() => seen.size === 20, 'the other topic goes on');
      paused.resume();
      await t.eventually(() => held.size === 20, 'the paused one goes on, too');
    },
  );

  testWhere(
    [redelivery, ordering],
    'a key that is halted in one member stops no other key, also while members join and leave',
    async (t) => {
      const [one, two] = [await t.bus(), await t.bus()];
      const handled = new Set<string>();
      const subscribe = (bus: EventBus) =>
        bus.subscribeEnvelope<EventPayload>(
          t.topic,
          ({ aggregateId, payload }) => {
            if (aggregateId === 'bad') throw new Error('never');
            handled.add(`${aggregateId}#${payload.sequence}`);
          },
          { maxRetries: 0, onExhausted: 'halt' },
        );
      const first = await subscribe(one);
      await one.publishEnvelope(t.topic, event('bad', 1));
      await t.eventually(() => first.stats().halted === 1, 'the key is halted');
      await one.publishEnvelopes(t.topic, interleaved(10, 2));
      await t.eventually(() => handled.size === 20, 'the others go on');
      await subscribe(two);
      for (let i = 10; i < 30; i++) await two.publishEnvelope(t.topic, event(`order-${i}`, 1));
      await t.eventually(() => handled.size === 40, 'the others go on with two members');
      await one.close();
      for (let i = 30; i < 50; i++) await two.publishEnvelope(t.topic, event(`order-${i}`, 1));
      await t.eventually(() => handled.size === 60, 'the others go on once the first has left');
    },
  );

  prove(
    ['leases'],
    clusterOrdering(),
    "ordering: 'cluster' with handlers slower than a lease, while members join and leave: never two of an aggregate at once",
    async (t) => {
      const meter = new ConcurrencyMeter();
      const history = new History();
      const buses = [await t.bus(), await t.bus(), await t.bus()] as const;
      let isSlow = true;
      // Where single messages are leased, a member that cannot tell a slow one from a dead one waits less than that.
      const { settle } = buses[0].capabilities('persistent');
      const slowMs = 1.5 * t.leaseMs + (settle === 'individual' ? 2_500 : 0);
      const subscribe = (bus: EventBus) =>
        bus.subscribeEnvelope<EventPayload>(
          t.topic,
          ({ aggregateId, payload }) =>
            meter.watch(aggregateId, async () => {
              const ms = isSlow && payload.sequence === 3 ? slowMs : 1;
              await new Promise((resolve) => setTimeout(resolve, ms));
              history.handle(aggregateId, payload.sequence);
            }),
          { ordering: 'cluster' },
        );
      await subscribe(buses[0]);
      const publish = async (from: number, to: number, everyMs = 0) => {
        for (let sequence = from; sequence <= to; sequence++) {
          if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
          for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
            await buses[2].publishEnvelope(t.topic, event(id, sequence));
            history.accept(id, sequence);
          }
        }
      };
      await publish(1, 5);
      await subscribe(buses[1]);
      // While the slow ones are under way, each member has its chance at each of these.
      await publish(6, 15, slowMs / 20);
      await t.eventually(() => history.handledCount > 12, 'the slow ones are under way');
      await subscribe(buses[2]);
      await publish(16, 17);
      await buses[0].close();
      isSlow = false;
      await publish(18, 19);
      await t.eventually(() => history.isComplete, 'all are handled');
      history.check();
      assert.equal(meter.peakPerKey, 1);
    },
  );
};
