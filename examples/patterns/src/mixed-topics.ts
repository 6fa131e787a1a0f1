/** Durable and ephemeral topics on one bus: orders wait for a service that is late, prices do not. */
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';

const bus = await createEventBus(
  {
    type: 'memory',
    serviceName: 'shop',
    topics: { orders: { persistence: 'persistent' }, prices: { persistence: 'ephemeral' } },
  },
  { plugins: [memory] },
);

await bus.publishEnvelope('orders', {
  aggregateId: 'order-1',
  eventType: 'OrderPlaced',
  eventVersion: 1,
  payload: { total: 42 },
});
await bus.publish('prices', { item: 'book', price: 10 });

// The service begins after both were published.
await bus.subscribeEnvelope<{ total: number }>('orders', ({ aggregateId, payload }) => {
  console.log(`order ${aggregateId}: ${payload.total}`);
});
await bus.subscribe('prices', (message) => {
  const { item, price } = message.json<{ item: string; price: number }>();
  console.log(`price of the ${item}: ${price}`);
});
await bus.publish('prices', { item: 'book', price: 12 });

await bus.idle();
await bus.close();
