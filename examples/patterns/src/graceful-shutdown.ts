/** A shutdown that loses nothing: the running handler ends, the rest is handed back, and the next process goes on with it. */
import { once } from 'node:events';
import { closeOnSignals, createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';

// A named broker outlives the bus, as a real one does.
const config = { type: 'memory', serviceName: 'billing', memory: { broker: 'shared' } } as const;
const first = await createEventBus(config, { plugins: [memory] });
closeOnSignals(first, ['SIGTERM'], { timeout: '5s' });

const begun = new EventTarget();
const oneBegan = once(begun, 'begun');
const signalled = once(process, 'SIGTERM');
await first.subscribe(
  'jobs',
  async (message) => {
    begun.dispatchEvent(new Event('begun'));
    // Work that takes until after the signal.
    await signalled;
    await new Promise((resolve) => setTimeout(resolve, 10));
    console.log('first process:', message.text());
  },
  { concurrency: 1 },
);
for (const job of ['job 1', 'job 2', 'job 3']) await first.publish('jobs', job);

// A service has a server that keeps it running.
const running = setInterval(() => {}, 1_000);

// What Kubernetes does while job 1 is handled.
await oneBegan;
process.kill(process.pid, 'SIGTERM');
await signalled;
// The signal has begun to close the bus. Who calls close() again gets the same report.
const { handled, abandoned } = await first.close();
console.log(`closed: ${handled} handled meanwhile, ${abandoned} handed back`);

// The next process, in the same group.
const second = await createEventBus(config, { plugins: [memory] });
const done = new EventTarget();
const lastDone = once(done, 'job 3');
await second.subscribe(
  'jobs',
  (message) => {
    console.log('second process:', message.text());
    done.dispatchEvent(new Event(message.text()));
  },
  { concurrency: 1 },
);
await lastDone;
await second.close();
clearInterval(running);
