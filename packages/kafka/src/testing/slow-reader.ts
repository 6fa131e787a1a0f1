/**
 * A process of its own whose handlers do not end: `brokers topic seconds`. Prints by how many MiB it
 * grew at most, and what it held.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaBus } from './harness.js';

const MIB = 1024 * 1024;
const [brokers = '', topic = '', seconds = ''] = process.argv.slice(2);
const bus = await kafkaBus(brokers.split(','));
const before = process.memoryUsage().rss;
let peak = before;
await bus.subscribe(topic, () => new Promise<void>(() => {}), { from: 'earliest' });
for (const end = performance.now() + Number(seconds) * 1_000; performance.now() < end; await sleep(50)) {
  peak = Math.max(peak, process.memoryUsage().rss);
}
process.stdout.write(
  JSON.stringify({ mib: Math.round((peak - before) / MIB), stats: bus.inspect.subscriptions()[0]?.stats }),
);
process.exit(0);
