/** `npm run demo -- nats`: on a NATS server of its own, started for it and ended with it. */
import { runDemo } from '@ebus/example-flights';
import { nats } from '@ebus/nats';
import { startService } from '@ebus/services';

await runDemo(async () => {
  const server = await startService('nats', { own: true });
  return {
    on: `nats-server ${server.version} (${server.source})`,
    config: { type: 'nats', nats: { urls: [...server.addresses] } },
    plugin: nats,
    close: () => server.close(),
  };
});
