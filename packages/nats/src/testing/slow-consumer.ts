/** A service that never finishes what it handles; it is there to be killed. Arguments: server, service, topic, ordering. */
import { natsBus } from './harness.js';

const [url = '', service = '', topic = '', ordering] = process.argv.slice(2);
const bus = await natsBus([url], { service });
await bus.subscribeEnvelope<{ sequence: number }>(
  topic,
  ({ aggregateId, payload }) => {
    process.stdout.write(`${aggregateId} ${payload.sequence}\n`);
    return new Promise<void>(() => {});
  },
  ordering === 'cluster' ? { ordering } : {},
);
process.stdout.write('ready\n');
