/** A service on a leaf node whose JetStream lives at the hub. */
import { createServer } from 'node:net';
import { startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, event, eventually, History, natsBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

async function leafOfAHub() {
  const port = await freePort();
  const own = { own: true, log: () => {} } as const;
  const hub = await startService('nats', {
    ...own,
    jetstream: 'domain: hub',
    config: `leafnodes { listen: "127.0.0.1:${port}" }`,
  });
  cleanup.add(hub, (one) => one.close());
  const config = `leafnodes { reconnect: "200ms", remotes: [ { url: "nats://127.0.0.1:${port}" } ] }`;
  const leaf = await startService('nats', { ...own, jetstream: false, config });
  return { hub, leaf: cleanup.add(leaf, (one) => one.close()) };
}

it('the hub is away for a while: what is published waits, and order holds', { timeout: 60_000 }, async () => {
  const { hub, leaf } = await leafOfAHub();
  const nats = { jetstream: { domain: 'hub', publishTimeout: '1s' } } as const;
  const common = { connectTimeout: '20s' } as const;
  const bus = cleanup.add(await natsBus(leaf.addresses, { nats, common }), (one) =>
    one.close({ timeout: '1s' }),
  );
  const topic = uniqueName('topic');
  const history = new History();
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  const publish = async (to: string, sequence: number) => {
    await bus.publishEnvelope(to, event('a', sequence), { timeout: '30s', retries: 1_000 });
    if (to === topic) history.accept('a', sequence);
  };
  await publish(topic, 1);
  await eventually(() => history.isComplete, 'it works');
  await hub.kill();
  // Also to a topic of which nothing is known.
  const unknown = uniqueName('topic');
  const publishing = [publish(topic, 2), publish(unknown, 1)];
  let done = 0;
  for (const one of publishing)
    one.then(
      () => done++,
      () => done++,
    );
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(done).toBe(0);
  await hub.restart();
  await Promise.all(publishing);
  await publish(topic, 3);
  await eventually(() => history.isComplete, 'it goes on', 30_000);
  history.check();
});
