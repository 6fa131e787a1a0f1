/** Members that come and go under load, and handlers that take longer than the session. */
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { kafka } from './index.js';
import { Cleanup, event, eventually, gate, History, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');

it('two, then three, then two members: nothing is lost, each aggregate in order, duplicates only around rebalances', async () => {
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const history = new History();
  const common = { topics: { [topic]: { partitions: 20 } } };
  let rebalancing = 0;
  let outside = 0;
  const join = async () => {
    // Members learn of each other by heartbeats: soon enough for the load to last.
    const kafka = { consumer: { heartbeatInterval: '500ms' as const } };
    const bus = cleanup.add(await kafkaBus(addresses, { service, common, kafka }), (one) => one.close());
    let handled = 0;
    bus.on('assigned', () => void rebalancing++);
    bus.on('revoked', () => void rebalancing++);
    await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) => {
      handled++;
      const before = history.duplicates;
      history.handle(aggregateId, payload.sequence);
      if (history.duplicates > before && rebalancing === 0) outside++;
    });
    return { bus, handled: () => handled };
  };
  await join();
  await join();
  rebalancing = 0;
  const publisher = cleanup.add(await kafkaBus(addresses, { common }), (bus) => bus.close());
  const publish = async (from: number, to: number) => {
    for (let sequence = from; sequence < to; sequence++) {
      await Promise.all(
        Array.from({ length: 500 }, async (_, i) => {
          await publisher.publishEnvelope(topic, event(`order-${i}`, sequence));
          history.accept(`order-${i}`, sequence);
        }),
      );
    }
  };
  await publish(0, 30);
  const [joined, closed] = [gate(), gate()];
  const publishing = (async () => {
    await publish(30, 40);
    await joined.promise;
    await publish(40, 80);
    await closed.promise;
    await publish(80, 100);
  })();
  const third = await join();
  joined.resolve();
  await eventually(() => third.handled() > 1_000, 'the third has its share');
  await third.bus.close();
  closed.resolve();
  await publishing;
  await eventually(() => history.handledCount === 50_000, 'everything is handled');
  history.check();
  expect(outside).toBe(0);
  // Those around rebalances: a few, not the rest of a partition.
  expect(history.duplicates).toBeLessThan(5_000);
}, 120_000);

it('a handler of 40 s stays in its group with a session and a processing time of 10 s; the others go on', async () => {
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const bus = cleanup.add(
    await kafkaBus(addresses, {
      service,
      common: { topics: { [topic]: { partitions: 4 } }, subscriber: { processTimeout: '2m' } },
      kafka: { consumer: { sessionTimeout: '10s', maxProcessingTime: '10s' } },
    }),
    (one) => one.close(),
  );
  const stuck = gate();
  const handled: string[] = [];
  await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
    if (aggregateId === 'slow' && payload.sequence === 0) await stuck.promise;
    handled.push(`${aggregateId} ${payload.sequence}`);
  });
  let rebalances = 0;
  kafka
    .native(bus)
    .consumers.get(service)
    ?.on('rebalance', () => rebalances++);
  await bus.publishEnvelope(topic, event('slow', 0));
  await bus.publishEnvelope(topic, event('slow', 1));
  const begin = performance.now();
  let others = 0;
  while (performance.now() - begin < 40_000) {
    await bus.publishEnvelope(topic, event(`order-${others % 20}`, others));
    others++;
    await eventually(() => handled.length === others, 'the others go on');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(handled.some((name) => name.startsWith('slow'))).toBe(false);
  stuck.resolve();
  await eventually(() => handled.includes('slow 1'));
  expect(handled.filter((name) => name.startsWith('slow'))).toEqual(['slow 0', 'slow 1']);
  expect(rebalances).toBe(0);
}, 90_000);
