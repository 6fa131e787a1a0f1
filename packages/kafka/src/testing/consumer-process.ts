/** A service to be killed. Arguments: brokers, service, topic, where to start, and how many events it handles before it hangs. */
import { kafkaBus } from './harness.js';

const [brokers = '', service = '', topic = '', from = 'earliest', limit = '0'] = process.argv.slice(2);
let left = Number(limit);
const bus = await kafkaBus(brokers.split(','), { service, kafka: { consumer: { sessionTimeout: '6s' } } });
await bus.subscribeEnvelope<{ sequence: number }>(
  topic,
  async ({ aggregateId, payload }) => {
    if (left-- <= 0) await new Promise<void>(() => {});
    process.stdout.write(`${aggregateId} ${payload.sequence}\n`);
  },
  { from: from as 'earliest' | 'latest' },
);
process.stdout.write('subscribed\n');
