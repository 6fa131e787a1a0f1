/** A service that watches another one: probes that stay away raise alerts, and leave its own readiness alone. */
import { once } from 'node:events';
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';

const broker = { type: 'memory', memory: { broker: 'shared' } } as const;
const PROBES = 'health.billing';

const billing = await createEventBus(
  {
    ...broker,
    serviceName: 'billing',
    healthCheck: { enabled: true, publisher: { topic: PROBES, interval: '50ms' } },
  },
  { plugins: [memory] },
);
const shop = await createEventBus(
  {
    ...broker,
    serviceName: 'shop',
    healthCheck: {
      enabled: true,
      subscriber: {
        topic: PROBES,
        expectedInterval: '50ms',
        monitorInterval: '20ms',
        warningThreshold: 4,
        errorThreshold: 8,
        criticalThreshold: 1000,
      },
    },
  },
  { plugins: [memory], logger: { debug() {}, info() {}, warn() {}, error() {} } },
);

const alerts = new EventTarget();
shop.on('healthAlert', ({ severity, alertType, topic }) => {
  // A warning may also come of a busy machine.
  if (severity !== 'error') return;
  console.log(`${topic}: ${severity}, ${alertType}`);
  alerts.dispatchEvent(new Event(severity));
});

// A service has a server that keeps it running.
const running = setInterval(() => {}, 1_000);

// As a crash would, the close ends the probes.
const silent = once(alerts, 'error');
await billing.close();
await silent;
const { status } = await shop.health.report();
console.log(`the shop itself: ${status}`);
await shop.close();
clearInterval(running);
