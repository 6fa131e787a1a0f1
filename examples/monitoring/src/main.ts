/** A service that is watched: health, backlogs, metrics and endpoints. `npm run demo -- monitoring [memory|nats|kafka]` */
import { createEventBus, type EventBus } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { prometheus } from '@ebus/prometheus';
import { readArguments } from './arguments.js';
import { type Broker, startBroker } from './broker.js';
import { watchKeys } from './keys.js';
import { logger, report } from './narrator.js';
import { Shop } from './shop.js';

const options = readArguments(process.argv.slice(2));
const broker: Broker = await startBroker(options.transport);

const bus: EventBus = await createEventBus(
  {
    ...broker.config,
    serviceName: 'shop',
    // Everything a good deal faster than by default, so that there is something to see.
    publisher: { backlogDetection: { enabled: true, checkInterval: '2s' } },
    subscriber: {
      processTimeout: '5s',
      errorHandling: { retryBackoffBase: '100ms', retryBackoffMax: '1s' },
      backlogDetection: { enabled: true, checkInterval: '2s', maxLagThreshold: 200, maxTimeThreshold: '20s' },
    },
    healthCheck: {
      enabled: true,
      publisher: { interval: '2s', timeout: '2s' },
      subscriber: { monitorInterval: '1s' },
    },
    metrics: { enabled: true, type: 'prometheus', collectInterval: '2s' },
    healthHttp: { port: options.port, host: options.host },
    topics: { [Shop.orders]: broker.topicOptions, [Shop.mails]: broker.topicOptions },
  },
  { plugins: [...broker.plugins, prometheus, healthHttp], logger },
);

const shop = new Shop(bus);
bus.health.register({
  name: 'stock',
  check: () => {
    if (shop.stock <= 0) throw new Error('sold out');
  },
  metrics: () => ({ stock: shop.stock }),
});
await shop.open();

const { port } = healthHttp.address(bus);
const url = `http://localhost:${port}`;
console.log(`A shop on ${broker.on}, watched at

  ${url}/health     everything, with reasons
  ${url}/readyz     whether it may be given work
  ${url}/livez      whether the process answers
  ${url}/metrics    for Prometheus

With Docker, Prometheus and Grafana look at it as well (Prometheus scrapes port 8080 of this machine):

  docker compose up --wait prometheus grafana
  http://localhost:3000/d/ebus     the dashboard
  http://localhost:9090/alerts     the alerts
`);

const narrator = report(bus);
const ended = watchKeys({
  p: ['pause or resume the mails: a backlog grows', () => shop.toggleMails()],
  h: ['let the next order hang: its handler never returns', () => shop.hangNext()],
  r: ['release what hangs', () => shop.release()],
  b: ['block the event loop for 3 s', () => shop.block(3_000)],
  s: ['sell out, or restock: the check of the application itself', () => shop.toggleStock()],
  ...(broker.toggle === undefined
    ? {}
    : { k: [`stop or start ${broker.name}`, () => broker.toggle?.()] as const }),
});

await Promise.race([ended, options.seconds === undefined ? ended : after(options.seconds * 1_000)]);
console.log('\nClosing: readiness goes off, running handlers finish.');
shop.close();
narrator.stop();
const closed = await bus.close({ timeout: '5s' });
console.log(
  `${closed.handled} handled while closing, ${closed.abandoned} handed back, ${closed.unpublished} not published.`,
);
await broker.close();

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
