/** A process that configures topics and ends: for races between processes. Arguments: broker, prefix, how many. */
import { kafkaBus } from './harness.js';

const [broker = '', prefix = '', count = '0'] = process.argv.slice(2);
const bus = await kafkaBus([broker]);
const names = Array.from({ length: Number(count) }, (_, index) => `${prefix}.${index}`);
const outcomes = await bus.topics.apply(
  Object.fromEntries(names.map((name) => [name, { retention: '2h', maxSize: '5MB' } as const])),
  { onMismatch: 'fail' },
);
process.stdout.write(JSON.stringify(outcomes.map(({ action }) => action)));
await bus.close();
