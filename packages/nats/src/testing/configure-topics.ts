/** A process that configures topics and ends: for races between processes. Arguments: server, prefix, how many. */
import { natsBus } from './harness.js';

const [url = '', prefix = '', count = '0'] = process.argv.slice(2);
const bus = await natsBus([url]);
const names = Array.from({ length: Number(count) }, (_, index) => `${prefix}.${index}`);
const outcomes = await bus.topics.apply(
  Object.fromEntries(names.map((name) => [name, { retention: '2h', maxMessages: 500 } as const])),
  { onMismatch: 'fail' },
);
process.stdout.write(JSON.stringify(outcomes.map(({ action }) => action)));
await bus.close();
