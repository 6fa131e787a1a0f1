/** `@ebus/memory`: the in-process transport; the default for tests and demos. */
import { definePlugin } from '@ebus/core/driver';
import { brokerFor } from './broker.js';
import { memoryConfigSchema } from './memory-config.js';
import { MemoryDriver } from './memory-driver.js';

/** `type: 'memory'`. `memory.native(bus)` shows what the broker behind a bus holds. */
export const memory = definePlugin({
  kind: 'transport',
  name: 'memory',
  config: memoryConfigSchema,
  create: (config) => new MemoryDriver(brokerFor(config)),
});

export { type BrokerView, type GroupView, resetMemoryBroker, type TopicView } from './broker.js';
export type { MemoryConfig } from './memory-config.js';
