/** Brokers that go away, freeze, or do not answer: everything comes back by itself, and is told meanwhile. */
import assert from 'node:assert/strict';
import type { CommonConfig, EventBus } from '@ebus/core';
import { ordering, redelivery, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, type EventPayload, texts } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { failureOf } from '../test-kit/failure.js';
import { History } from '../test-kit/history.js';
import { load } from '../test-kit/load.js';
import type { Scenario } from '../test-kit/scenario.js';

const LONG = '60s';

/** An outage of minutes in seconds: the threshold of failing probes is passed again and again. */
const PROBING: CommonConfig = {
  connectTimeout: '2s',
  publisher: { initialBackoff: '20ms', maxBackoff: '200ms' },
  healthCheck: {
    enabled: true,
    publisher: { interval: '150ms', timeout: '400ms', failureThreshold: 2 },
  },
};

interface Probed {
  readonly bus: EventBus;
  readonly history: History;
  /** Publishes one event, with time enough for any outage. */
  publish(): Promise<void>;
  readonly probes: { failed: number; acknowledged: number };
}

/** A bus that handles what is published to it, and counts its probes. */
async function probed(t: Scenario): Promise<Probed> {
  const bus = await t.bus({ config: PROBING });
  const history = new History();
  await bus.subscribeEnvelope<EventPayload>(t.topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  const probes = { failed: 0, acknowledged: 0 };
  bus.on('healthCheck', ({ healthy }) => void probes[healthy ? 'acknowledged' : 'failed']++);
  let sequence = 0;
  const publish = async () => {
    const mine = ++sequence;
    await bus.publishEnvelope(t.topic, event('order-1', mine), { timeout: LONG });
    history.accept('order-1', mine);
  };
  await publish();
  await t.eventually(() => history.isComplete && probes.acknowledged > 0, 'it works');
  return { bus, history, publish, probes };
}

/** Everything is handled, in order, and the bus says that it is well. */
async function isWell(t: Scenario, { bus, history, publish }: Probed): Promise<void> {
  await publish();
  await t.eventually(() => history.isComplete, 'all is handled');
  history.check();
  await t.eventually(async () => (await bus.health.report()).ready, 'it is ready again');
  await t.eventually(() => bus.health.publisher.status().healthy, 'probes are acknowledged again');
}

/** A process dies with 1 to 4 of 20 in hand; the broker restarts once its successor has received as much as is waited for. */
async function succeeded(t: Scenario, waited: (received: () => number) => unknown): Promise<void> {
  const history = new History();
  const publisher = await t.bus();
  const publish = async (from: number, to: number) => {
    for (let sequence = from; sequence <= to; sequence++) {
      await publisher.publishEnvelope(t.topic, event('a', sequence), { timeout: LONG });
      history.accept('a', sequence);
    }
  };
  await publish(1, 4);
  const child = await t.spawnConsumer({ handles: 0 });
  await t.eventually(() => child.of('begun').length === 1, 'its handler hangs');
  await child.kill();
  const bus = await t.bus();
  const subscription = await bus.subscribeEnvelope<EventPayload>(t.topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  await publish(5, 10);
  await waited(() => subscription.stats().received);
  await t.broker.kill();
  await t.broker.restart();
  await publish(11, 20);
  await t.eventually(() => history.isComplete, 'the successor handles everything');
  history.check();
}

/** Killed, frozen and unreachable brokers: clients come back by themselves, and nothing acknowledged is lost. */
export const outages: Group = ({ prove }) => {
  prove(
    ['broker.kill'],
    redelivery,
    'a broker that is away for long is rejoined, and its absence told',
    async (t) => {
      const all = await probed(t);
      const { bus, probes, publish } = all;
      await t.broker.kill();
      await t.eventually(() => bus.connection.state().status === 'reconnecting', 'the loss is noticed');
      const report = await bus.health.report();
      assert.deepEqual([report.status, report.ready], ['unhealthy', false]);
      const meanwhile = [publish(), publish()];
      const failedBefore = probes.failed;
      await t.eventually(() => probes.failed >= failedBefore + 6, 'three times the threshold');
      await t.broker.restart();
      await Promise.all(meanwhile);
      await isWell(t, all);
    },
  );

  prove(
    ['broker.network'],
    redelivery,
    'a broker that seems connected and does not answer: the client is replaced',
    async (t) => {
      const all = await probed(t);
      const { bus, publish } = all;
      const told: string[] = [];
      for (const name of ['reconnecting', 'reconnected'] as const) bus.on(name, () => void told.push(name));
      t.broker.network.swallow();
      await t.eventually(() => bus.connection.state().status === 'reconnecting', 'the client is given up');
      const meanwhile = publish();
      meanwhile.catch(() => {});
      t.broker.network.cut();
      t.broker.network.heal();
      await meanwhile;
      await isWell(t, all);
      await t.eventually(() => told.at(-1) === 'reconnected', 'its return is told');
    },
  );

  prove(
    ['broker.freeze'],
    redelivery,
    'a broker that freezes is told within seconds, and goes on when it thaws',
    async (t) => {
      const all = await probed(t);
      const { bus } = all;
      await t.broker.freeze();
      const failing = failureOf(
        bus.publishEnvelope(t.topic, event('other', 1), { timeout: '1s', retries: 0 }),
      );
      const report = await bus.health.report();
      assert.deepEqual([report.status, report.ready], ['unhealthy', false]);
      assert.equal((await failing).retryable, true);
      await t.broker.thaw();
      await isWell(t, all);
    },
  );

  prove(
    ['broker.kill'],
    [redelivery, ordering],
    'a broker that is killed in mid-stream, twice: nothing is lost, order holds, listeners run in turn',
    async (t) => {
      const bus = await t.bus();
      const history = new History();
      const told: number[] = [];
      bus.on('reconnected', async () => {
        told.push(1);
        await new Promise((resolve) => setImmediate(resolve));
        told.push(2);
      });
      bus.on('reconnected', () => void told.push(3));
      await bus.subscribeEnvelope<EventPayload>(t.topic, async ({ aggregateId, payload }) => {
        await new Promise((resolve) => setImmediate(resolve));
        history.handle(aggregateId, payload.sequence);
      });
      const publishing = load(bus, t.topic, history);
      const progress = async () => {
        const before = history.handledCount;
        await t.eventually(() => history.handledCount > before + 50, 'handling goes on');
      };
      for (let kills = 1; kills <= 2; kills++) {
        await progress();
        await t.broker.kill();
        await t.eventually(() => bus.connection.state().status === 'reconnecting', 'the loss is noticed');
        await t.broker.restart();
        await t.eventually(() => told.length >= 3 * kills, 'its return is told');
      }
      await progress();
      await publishing.stop();
      await t.eventually(() => history.isComplete, 'all is handled');
      history.check();
      assert.deepEqual(told.slice(0, 3), [1, 2, 3]);
    },
  );

  prove(
    ['broker.kill'],
    [restartable, ordering],
    'what is in hand while the broker restarts is handled before newer events of its key',
    async (t) => {
      const bus = await t.bus();
      const history = new History();
      const stuck = t.gate();
      const subscription = await bus.subscribeEnvelope<EventPayload>(
        t.topic,
        async ({ aggregateId, payload }) => {
          await stuck.promise;
          history.handle(aggregateId, payload.sequence);
        },
      );
      const publish = async (sequence: number) => {
        await bus.publishEnvelope(t.topic, event('a', sequence), { timeout: LONG });
        history.accept('a', sequence);
      };
      for (let sequence = 1; sequence <= 10; sequence++) await publish(sequence);
      await t.eventually(() => subscription.stats().inFlight >= 10, 'they are in hand');
      await t.broker.kill();
      await t.eventually(() => bus.connection.state().status === 'reconnecting', 'the loss is noticed');
      const publishing = (async () => {
        for (let sequence = 11; sequence <= 13; sequence++) await publish(sequence);
      })();
      await t.broker.restart();
      await publishing;
      stuck.resolve();
      await t.eventually(() => history.isComplete, 'all is handled');
      history.check();
    },
  );

  prove(
    ['broker.kill', 'program'],
    [restartable, ordering],
    'a process dies, its successor waits for what it had, and then the broker restarts: the order holds',
    (t) => succeeded(t, () => {}),
  );

  prove(
    ['broker.kill', 'program', 'leases'],
    [restartable, ordering],
    'a broker that is killed right after it gave newer events to a successor: the order holds',
    // It may not have written down that it gave them.
    (t) => succeeded(t, (received) => t.eventually(() => received() > 0, 'newer ones stand back')),
  );

  prove(
    ['broker.kill'],
    redelivery,
    "connect: 'lazy' does not wait for a broker that is away, and uses it once it is there",
    async (t) => {
      await t.broker.kill();
      const bus = await t.bus({ config: { connect: 'lazy' } });
      assert.equal(bus.connection.state().status, 'connecting');
      const seen = collectMessages();
      await t.broker.restart();
      await t.eventually(() => bus.connection.state().status === 'connected', 'it connects');
      await bus.subscribe(t.topic, seen.handle);
      await bus.publish(t.topic, 'early', { timeout: LONG });
      await t.eventually(() => seen.size > 0, 'it works');
      assert.deepEqual(texts(seen), ['early']);
    },
  );
};
