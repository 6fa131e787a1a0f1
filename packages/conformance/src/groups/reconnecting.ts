/** `connection.reconnect()` and clients that come back by themselves: seen by the network, not only by the bus. */
import assert from 'node:assert/strict';
import { EbusError, type EventBus } from '@ebus/core';
import { declares, ordering, redelivery } from '../requirements.js';
import type { Group } from '../suite.js';
import type { EventPayload } from '../test-kit/collector.js';
import { event, interleaved } from '../test-kit/events.js';
import { History } from '../test-kit/history.js';
import { load } from '../test-kit/load.js';
import type { Scenario } from '../test-kit/scenario.js';

const LONG = '60s';

/** Subscribes, and has one event handled. */
async function subscribed(t: Scenario): Promise<{ bus: EventBus; history: History; next(): Promise<void> }> {
  const bus = await t.bus();
  const history = new History();
  await bus.subscribeEnvelope<EventPayload>(t.topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  let sequence = 0;
  /** One more event of every aggregate is published and handled. */
  const next = async () => {
    sequence++;
    for (let i = 0; i < 20; i++) {
      await bus.publishEnvelope(t.topic, event(`order-${i}`, sequence), { timeout: LONG });
      history.accept(`order-${i}`, sequence);
    }
    await t.eventually(() => history.isComplete, `round ${sequence} is handled`);
    history.check();
  };
  await next();
  return { bus, history, next };
}

/** @throws what will not pass */
function isPassing(error: unknown): boolean {
  assert.ok(EbusError.isInstance(error) && error.retryable, String(error));
  return false;
}

/** Reconnecting replaces the connections, leaks none, and receives everything published afterwards. */
export const reconnecting: Group = ({ prove, testWhere }) => {
  testWhere(
    [],
    'after reconnect() what is published is received, also where messages may be lost',
    async (t) => {
      const bus = await t.bus();
      let seen = 0;
      await bus.subscribe(t.topic, () => void seen++);
      for (let round = 1; round <= 3; round++) {
        await bus.connection.reconnect();
        const before = seen;
        await t.eventually(async () => {
          await bus.publish(t.topic, 'hello');
          return seen > before;
        }, 'a message arrives');
        assert.equal(bus.connection.state().status, 'connected');
      }
      assert.equal(bus.connection.state().reconnects, 3);
    },
  );

  prove(
    ['broker.network'],
    redelivery,
    'reconnect() makes connections anew, and everything goes on',
    async (t) => {
      const { bus, next } = await subscribed(t);
      for (let round = 1; round <= 2; round++) {
        const before = t.broker.network.connections;
        await bus.connection.reconnect();
        assert.ok(t.broker.network.connections > before, 'no connection was made');
        assert.equal(bus.connection.state().status, 'connected');
        await next();
      }
      assert.equal(bus.connection.state().reconnects, 2);
    },
  );

  prove(
    ['broker.network'],
    redelivery,
    'several at once are one, also beside a subscribe; nothing is left open',
    async (t) => {
      const other = t.newTopic();
      const { bus, next } = await subscribed(t);
      const handled: string[] = [];
      for (let round = 1; round <= 2; round++) {
        const { connection } = bus;
        const reconnects = [connection.reconnect(), connection.reconnect(), connection.reconnect()];
        if (round === 1) {
          // Without a connection it is refused, or waits for one.
          await t.eventually(async () => {
            const subscribing = bus.subscribe(other, (message) => void handled.push(message.text()));
            return subscribing.then(() => true, isPassing);
          }, 'subscribed');
        }
        await Promise.all(reconnects);
        await next();
        await bus.publish(other, String(round), { timeout: LONG });
        await t.eventually(() => handled.includes(String(round)), 'the other topic is handled, too');
      }
      await bus.close();
      await t.eventually(() => t.broker.network.open === 0, 'its connections are closed');
    },
  );

  prove(
    ['broker.network'],
    [redelivery, ordering],
    'what is being handled meanwhile is kept, and not begun again',
    async (t) => {
      const bus = await t.bus();
      const stuck = t.gate();
      const begun: string[] = [];
      const subscription = await bus.subscribeEnvelope<EventPayload>(
        t.topic,
        async ({ aggregateId, payload }) => {
          begun.push(`${aggregateId}#${payload.sequence}`);
          if (aggregateId === 'slow') await stuck.promise;
        },
      );
      for (const sequence of [1, 2]) await bus.publishEnvelope(t.topic, event('slow', sequence));
      await bus.publishEnvelope(t.topic, event('quick', 1));
      await t.eventually(() => subscription.stats().running === 1 && subscription.stats().handled === 1);
      await bus.connection.reconnect();
      await bus.publishEnvelope(t.topic, event('quick', 2), { timeout: LONG });
      await t.eventually(() => begun.includes('quick#2'), 'others go on');
      stuck.resolve();
      await t.eventually(() => begun.includes('slow#2'), 'what was queued is handled');
      await bus.idle({ timeout: LONG });
      const of = (id: string) => begun.filter((one) => one.startsWith(id));
      assert.deepEqual([...new Set(of('quick'))], ['quick#1', 'quick#2']);
      assert.deepEqual(of('slow'), ['slow#1', 'slow#2']);
    },
  );

  prove(
    ['broker.network'],
    [redelivery, ordering],
    'under load, again and again: nothing is lost, order and concurrency hold, listeners run in turn',
    async (t) => {
      const bus = await t.bus();
      const histories = [new History(), new History()];
      let running = 0;
      let most = 0;
      for (const [index, group] of ['billing', 'shipping'].entries()) {
        const options = { group: `${t.service}-${group}`, concurrency: 4 };
        await bus.subscribeEnvelope<EventPayload>(
          t.topic,
          async ({ aggregateId, payload }) => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setImmediate(resolve));
            (histories[index] as History).handle(aggregateId, payload.sequence);
            running--;
          },
          options,
        );
      }
      const told: string[] = [];
      bus.on('reconnected', async () => {
        told.push('first begins');
        await new Promise((resolve) => setImmediate(resolve));
        told.push('first ends');
      });
      bus.on('reconnected', () => void told.push('second'));
      const accepted = new History();
      const publishing = load(bus, t.topic, accepted);
      const progress = async () => {
        const before = histories.map((history) => history.handledCount);
        const isOn = () => histories.every((one, i) => one.handledCount > (before[i] as number) + 20);
        await t.eventually(isOn, 'both groups go on');
      };
      const rounds = 3;
      for (let round = 1; round <= rounds; round++) {
        await progress();
        await bus.connection.reconnect();
        await t.eventually(() => told.length === 3 * round, 'listeners are told');
      }
      await progress();
      await publishing.stop();
      for (const history of histories) {
        for (const [id, sequences] of accepted.accepted)
          for (const sequence of sequences) history.accept(id, sequence);
        await t.eventually(() => history.isComplete, 'all is handled');
        history.check();
      }
      assert.ok(most <= 8, `two groups of four, and ${most} at once`);
      const turn = ['first begins', 'first ends', 'second'];
      assert.deepEqual(told, Array.from({ length: rounds }, () => turn).flat());
    },
  );

  prove(
    ['broker.network'],
    [redelivery, ordering],
    'attempts that find no broker leave nothing behind that takes messages away',
    async (t) => {
      const { bus, next } = await subscribed(t);
      for (const fail of ['cut', 'swallow'] as const) {
        t.broker.network[fail]();
        const attempt = bus.connection.reconnect().catch(() => {});
        await t.eventually(() => bus.connection.state().status !== 'connected', 'the attempt is under way');
        // Whoever still waits for an answer learns that none will come.
        t.broker.network.cut();
        t.broker.network.heal();
        await attempt;
        await t.eventually(() => bus.connection.state().status === 'connected', 'it is connected again');
        await next();
      }
      await bus.close();
      await t.eventually(() => t.broker.network.open === 0, 'its connections are closed');
    },
  );

  prove(
    ['broker.freeze'],
    [redelivery, declares('acknowledged')],
    'reconnect() gives up a broker that froze: what is not acknowledged rejects as retryable, or is acknowledged later',
    async (t) => {
      const { bus, next } = await subscribed(t);
      await t.broker.freeze();
      const publishing = bus.publishEnvelope(t.topic, event('frozen', 1), { timeout: '20s' }).then(
        () => true,
        (error: unknown) => !isPassing(error),
      );
      const reconnecting = bus.connection.reconnect();
      await t.broker.thaw();
      await reconnecting;
      await publishing;
      await next();
      assert.equal(bus.connection.state().status, 'connected');
    },
  );

  prove(
    ['broker.network'],
    redelivery,
    'a connection that breaks comes back by itself, and is told',
    async (t) => {
      const { bus, next } = await subscribed(t);
      const told: string[] = [];
      for (const name of ['reconnecting', 'reconnected'] as const) bus.on(name, () => void told.push(name));
      t.broker.network.cut();
      await t.eventually(() => bus.connection.state().status === 'reconnecting', 'the loss is noticed');
      assert.equal((await bus.health.report()).ready, false);
      t.broker.network.heal();
      await t.eventually(() => told.includes('reconnected'), 'its return is told');
      await next();
      assert.deepEqual(told, ['reconnecting', 'reconnected']);
      assert.equal(bus.connection.state().reconnects, 1);
      await bus.publishEnvelopes(t.topic, interleaved(5, 5));
    },
  );
};
