/** A broker of three that is killed and comes back, under load. */
import { startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, event, eventually, History, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('nothing that was accepted is lost, and each aggregate stays in order', async () => {
  const cluster = cleanup.add(await startService('kafka', { own: true, nodes: 3 }), (one) => one.close());
  const topic = uniqueName('topic');
  const history = new History();
  const common = {
    topics: { [topic]: { partitions: 6, replicas: 3 } },
    publisher: { publishTimeout: '30s' as const },
  };
  const bus = cleanup.add(await kafkaBus(cluster.addresses, { common }), (one) => one.close());
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  let stop = false;
  let failed = 0;
  const publishing = Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      for (let sequence = 0; !stop; sequence++) {
        try {
          await bus.publishEnvelope(topic, event(`order-${i}`, sequence));
          history.accept(`order-${i}`, sequence);
        } catch {
          failed++;
        }
      }
    }),
  );
  const grown = (by: number) => {
    const at = history.acceptedCount + by;
    return eventually(() => history.acceptedCount >= at, 'publishing goes on', 60_000);
  };
  await grown(2_000);
  await cluster.kill(1);
  await grown(2_000);
  await cluster.restart(1);
  await grown(2_000);
  await cluster.kill(2);
  await grown(2_000);
  await cluster.restart(2);
  stop = true;
  await publishing;
  await eventually(
    () => history.handledCount >= history.acceptedCount,
    'everything accepted is handled',
    60_000,
  );
  await bus.idle();
  history.check();
  process.stderr.write(
    `broker killed twice: ${history.acceptedCount} accepted, ${failed} failed, ${history.duplicates} duplicates\n`,
  );
  expect(history.acceptedCount).toBeGreaterThan(8_000);
}, 240_000);
