/** A shop in trouble, and the console page to look after it. `npm run demo -- console` */
import { createInterface } from 'node:readline';
import { createEventBus } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { memory } from '@ebus/memory';
import { readArguments } from './arguments.js';
import { Shop } from './shop.js';

const { port, seconds } = readArguments(process.argv.slice(2));

const bus = await createEventBus(
  {
    type: 'memory',
    serviceName: 'shop',
    healthHttp: {
      port,
      host: '127.0.0.1',
      ui: { allowActions: true, traceLink: 'https://traces.example/trace/{traceId}' },
    },
    topics: Object.fromEntries([Shop.orders, Shop.payments, Shop.mails].map((topic) => [topic, {}])),
  },
  // Failures are the point here, and the page shows them.
  { plugins: [memory, healthHttp], logger: { debug() {}, info() {}, warn() {}, error() {} } },
);
const shop = new Shop(bus);
await shop.open();

console.log(`A shop with failures, in this process. Look after it at

  ${healthHttp.address(bus).console}

Customers 07 and 19 are parked, the payments of customer 05 are halted, and mails become dead letters. Redrive one: it
fails again. Write f and Enter here to fix the causes, and redrive once more.

Ctrl-C ends it.
`);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line.trim() === 'f') console.log(shop.toggleFix());
});
await new Promise<void>((resolve) => {
  process.once('SIGINT', () => resolve());
  process.once('SIGTERM', () => resolve());
  if (seconds !== undefined) setTimeout(resolve, seconds * 1_000);
});
lines.close();
shop.close();
const closed = await bus.close({ timeout: '2s' });
console.log(`Closed; ${closed.abandoned} events were handed back.`);
