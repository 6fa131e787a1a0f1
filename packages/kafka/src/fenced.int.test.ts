/** A cluster that starts again knows of no brokers at first. A client that hears that forgets all it knows, and asks none any more. */
import { startService } from '@ebus/services';
import { afterEach, it } from 'vitest';
import { FencedProxy } from './testing/fenced-proxy.js';
import { Cleanup, event, eventually, History, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('clients that have forgotten their brokers are replaced, and nothing is lost', async () => {
  const proxy = cleanup.add(new FencedProxy(), (one) => one.close());
  await proxy.listen();
  const broker = cleanup.add(await startService('kafka', { own: true, advertised: proxy.address }), (one) =>
    one.close(),
  );
  proxy.forwardTo(broker.addresses[0] as string);
  const topic = uniqueName('topic');
  const bus = cleanup.add(
    await kafkaBus([proxy.address], {
      // How often it asks for the brokers that there are.
      kafka: { healthCheckInterval: '1s' },
      common: { topics: { [topic]: {} } },
    }),
    (one) => one.close({ timeout: '1s' }),
  );
  const history = new History();
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  const publish = async (sequence: number) => {
    await bus.publishEnvelope(topic, event('order-1', sequence), { timeout: '60s' });
    history.accept('order-1', sequence);
  };
  await publish(1);
  await eventually(() => history.isComplete);
  proxy.isFenced = true;
  await eventually(() => proxy.changed >= 4, 'its clients hear of no brokers');
  proxy.isFenced = false;
  await publish(2);
  await publish(3);
  await eventually(() => history.isComplete, 'all is handled', 60_000);
  history.check();
  await eventually(async () => (await bus.health.report()).ready, 'it is well');
}, 240_000);
