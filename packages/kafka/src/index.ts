/** `@ebus/kafka`: Kafka through librdkafka. */
import { definePlugin } from '@ebus/core/driver';
import { kafkaConfigSchema } from './config-schema.js';
import { KafkaDriver } from './kafka-driver.js';
import { loadNativeClient } from './native-client.js';

/** `type: 'kafka'`. `kafka.native(bus)` gives the client objects behind a bus. */
export const kafka = definePlugin({
  kind: 'transport',
  name: 'kafka',
  config: kafkaConfigSchema,
  create: (config, { serviceName, clock }) => new KafkaDriver(loadNativeClient(), config, serviceName, clock),
});

export type {
  KafkaConfig,
  KafkaConsumerConfig,
  KafkaPartitioner,
  KafkaProducerConfig,
  KafkaSecurityConfig,
  OauthBearerToken,
} from './kafka-config.js';
export type { KafkaNative } from './kafka-driver.js';
