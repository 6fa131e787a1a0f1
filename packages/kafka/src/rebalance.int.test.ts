/** Members that come and go under load, and handlers that take longer than the session. */
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
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
