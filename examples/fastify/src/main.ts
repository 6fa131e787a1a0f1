/** An order service with Fastify: a request publishes an event, a subscription handles it, a signal ends both. */
import { ebus } from '@ebus/fastify';
import { memory } from '@ebus/memory';
import Fastify from 'fastify';

const fastify = Fastify({ logger: { level: 'warn' } });
await fastify.register(ebus, {
  config: { type: 'memory', serviceName: 'shop' },
  plugins: [memory],
  health: { path: '/ops' },
  subscribe: (bus) =>
    bus.subscribeEnvelope<{ total: number }>('shop.orders', ({ aggregateId, payload }) => {
      process.stdout.write(`billed ${aggregateId}: ${payload.total}\n`);
    }),
});

fastify.post<{ Body: { id: string; total: number } }>('/orders', async ({ body }, reply) => {
  const { id, total } = body;
  await fastify.bus.publishEnvelope('shop.orders', {
    aggregateId: id,
    eventType: 'OrderPlaced',
    eventVersion: 1,
    payload: { total },
  });
  return reply.code(202).send({ id });
});

const address = await fastify.listen({ port: 0, host: '127.0.0.1' });

// A visitor, so that the example shows something by itself; a service goes on until a signal.
const headers = { 'content-type': 'application/json' };
const body = JSON.stringify({ id: 'order-1', total: 42 });
const placed = await fetch(`${address}/orders`, { method: 'POST', headers, body });
const ready = await fetch(`${address}/ops/readyz`);
await fastify.bus.idle();
process.stdout.write(`placed: ${placed.status}, ready: ${ready.status}\n`);
await fastify.close();
