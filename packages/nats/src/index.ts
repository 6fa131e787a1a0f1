/** `@ebus/nats`: JetStream for persistent topics, Core NATS for ephemeral ones. */
import { definePlugin } from '@ebus/core/driver';
import { natsConfigSchema } from './config-schema.js';
import { NatsDriver } from './nats-driver.js';

/** `type: 'nats'`. `nats.native(bus)` gives the client's connection and JetStream objects behind a bus. */
export const nats = definePlugin({
  kind: 'transport',
  name: 'nats',
  config: natsConfigSchema,
  create: (config, { serviceName }) => new NatsDriver(config, serviceName),
});

export type {
  NatsConfig,
  NatsConsumerConfig,
  NatsJetStreamConfig,
  NatsSecurityConfig,
  NatsStreamConfig,
} from './nats-config.js';
export type { NatsNative } from './nats-driver.js';
