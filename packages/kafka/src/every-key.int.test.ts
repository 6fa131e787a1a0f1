/** Every key of the `kafka` section is read by something: one that somebody adds and nobody reads fails here. */
import { recordReads, settingsOf } from '@ebus/conformance';
import { createEventBus } from '@ebus/core';
import { definePlugin } from '@ebus/core/driver';
import { sharedService } from '@ebus/services';
import { expect, it } from 'vitest';
import { adminConfig, consumerConfig } from './client-config.js';
import { kafkaConfigSchema } from './config-schema.js';
import { kafka } from './index.js';
import { uniqueName } from './testing/harness.js';

it('is read by a bus that subscribes and publishes, or by what makes the login', async () => {
  const { addresses } = await sharedService('kafka');
  const reads: ReadonlySet<string>[] = [];
  const recording = definePlugin({
    ...kafka,
    create: (config, context) => {
      const recorded = recordReads(config);
      reads.push(recorded.read);
      return kafka.create(recorded.config, context);
    },
  });
  const topic = uniqueName('topic');
  const bus = await createEventBus(
    {
      type: 'kafka',
      serviceName: topic,
      topics: { [topic]: {} },
      kafka: { brokers: [...addresses], consumer: { topics: [topic] } },
    },
    { plugins: [recording] },
  );
  await bus.subscribe(topic, () => {});
  await bus.publish(topic, 'a');
  await bus.idle();
  await bus.close();

  const recorded = recordReads(
    kafkaConfigSchema.parse({
      brokers: ['127.0.0.1:1'],
      security: { enabled: true, username: 'x', password: 'y', mechanism: 'PLAIN' },
      librdkafka: { 'client.rack': 'a' },
    }),
  );
  expect(consumerConfig(recorded.config, 'service', 'group')).toMatchObject({ 'client.rack': 'a' });
  adminConfig(recorded.config, 'service');
  reads.push(recorded.read);

  const read = new Set(reads.flatMap((one) => [...one]));
  expect(settingsOf(kafkaConfigSchema).filter((path) => !read.has(path))).toEqual(['librdkafka.*']);
});
