/** A producer that slows down while its consumers are behind: the backlog is watched, and its end lets the producer go on. */
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';

const bus = await createEventBus(
  {
    type: 'memory',
    serviceName: 'imports',
    subscriber: { backlogDetection: { enabled: true, maxLagThreshold: 50, checkInterval: '10ms' } },
  },
  { plugins: [memory], logger: { debug() {}, info() {}, warn() {}, error() {} } },
);

let handled = 0;
await bus.subscribe(
  'rows',
  async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    handled++;
  },
  { concurrency: 5 },
);

/** There while the producer has to wait. */
let wait: Promise<void> | undefined;
let goOn = () => {};
let pauses = 0;
bus.on('subscriberBacklog', (state) => {
  if ('error' in state) return;
  if (!state.hasBacklog) {
    goOn();
    wait = undefined;
  } else if (wait === undefined) {
    pauses++;
    wait = new Promise((resolve) => {
      goOn = resolve;
    });
  }
});

// A service has a server that keeps it running.
const running = setInterval(() => {}, 1_000);
let behind = 0;
for (let row = 0; row < 1_000; row++) {
  await wait;
  await bus.publish('rows', { row });
  // The event loop goes on, so that handlers and monitors run beside the import.
  if (row % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 1));
  behind = Math.max(behind, row + 1 - handled);
}
await bus.idle();
console.log(`${handled} rows; the producer waited: ${pauses > 0}; all rows at once: ${behind === 1_000}`);
await bus.close();
clearInterval(running);
