/** `npm run demo -- kafka`: on a Kafka broker of its own, started for it and ended with it. */
import { runDemo } from '@ebus/example-flights';
import { kafka } from '@ebus/kafka';
import { startService } from '@ebus/services';

await runDemo(async () => {
  const broker = await startService('kafka', { own: true });
  return {
    on: `Kafka ${broker.version} (${broker.source})`,
    config: { type: 'kafka', kafka: { brokers: [...broker.addresses] } },
    plugins: [kafka],
    close: () => broker.close(),
  };
});
