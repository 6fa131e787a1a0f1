/** A service that is configured in code: the compiler checks keys, units and values. */
import { createEventBus, type EventBusConfig } from '@ebus/core';
import { memory } from '@ebus/memory';

const config: EventBusConfig = {
  type: 'memory',
  serviceName: 'billing',
  subscriber: { processTimeout: '10s' },
  topics: {
    'shop.orders': { retention: '30d' },
    'shop.prices': { persistence: 'ephemeral' },
  },
  memory: { maxChannelSize: 10_000 },
};

const bus = await createEventBus(config, { plugins: [memory] });

await bus.subscribeEnvelope<{ total: number }>('shop.orders', ({ aggregateId, payload }) => {
  console.log(`${bus.serviceName} bills ${aggregateId}: ${payload.total}`);
});
const order = { aggregateId: 'order-1', eventType: 'OrderPlaced', eventVersion: 1, payload: { total: 42 } };
await bus.publishEnvelope('shop.orders', order);
await bus.idle();
console.log('topics:', bus.topics.list().join(', '));
await bus.close();
