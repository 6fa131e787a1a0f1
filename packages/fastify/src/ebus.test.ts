/** The plug-in in a real Fastify server. */
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import Fastify, { type FastifyServerOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { ebus } from './index.js';

const config = { type: 'memory', serviceName: 'shop' } as const;
const servers: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function server(options: FastifyServerOptions = {}) {
  const fastify = Fastify(options);
  servers.push(fastify);
  return fastify;
}

const placed = { aggregateId: 'order-1', eventType: 'OrderPlaced', eventVersion: 1, payload: { total: 42 } };

describe('ebus', () => {
  it('puts the bus on the whole application, and subscribes before the server is ready', async () => {
    const fastify = server();
    const seen: string[] = [];
    await fastify.register(ebus, {
      config,
      plugins: [memory],
      subscribe: (bus) => bus.subscribeEnvelope('shop.orders', (event) => void seen.push(event.aggregateId)),
    });
    // Of another plug-in, and so of a context of its own.
    await fastify.register(async (other) => {
      other.post('/orders', async () => {
        await other.bus.publishEnvelope('shop.orders', placed);
        return { ok: true };
      });
    });
    const { statusCode } = await fastify.inject({ method: 'POST', url: '/orders' });
    expect(statusCode).toBe(200);
    await fastify.bus.idle();
    expect(seen).toEqual(['order-1']);
  });

  it('fails to start where a subscription is refused', async () => {
    const fastify = server();
    const subscribe = (bus: typeof fastify.bus) => bus.subscribe('orders.*', () => {});
    await fastify.register(ebus, { config, plugins: [memory], subscribe });
    await expect(fastify.ready()).rejects.toMatchObject({ code: 'TOPIC_NAME_INVALID' });
  });

  it('serves health, under a path', async () => {
    const fastify = server();
    await fastify.register(ebus, { config, plugins: [memory], health: { path: '/ops', serve: 'probes' } });
    const get = async (url: string) => (await fastify.inject({ url })).statusCode;
    expect(await get('/ops/livez')).toBe(200);
    expect(await get('/ops/readyz?verbose')).toBe(200);
    expect(await get('/ops/health')).toBe(200);
    expect(await get('/ops/metrics')).toBe(404);
    expect(await get('/livez')).toBe(404);
    await fastify.bus.close();
    expect(await get('/ops/readyz')).toBe(503);
  });

  it('closes a bus that was given, after the requests: they may still publish', async () => {
    const bus = await createEventBus(config, { plugins: [memory] });
    const fastify = server({ forceCloseConnections: false });
    await fastify.register(ebus, { bus, closeTimeout: '5s' });
    let begun: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    fastify.get('/', async () => {
      begun();
      await finished;
      await bus.publishEnvelope('shop.orders', placed);
      return 'done';
    });
    const address = await fastify.listen({ port: 0, host: '127.0.0.1' });
    const answer = fetch(address, { headers: { connection: 'close' } });
    await began;
    const closed = fastify.close();
    finish();
    expect(await (await answer).text()).toBe('done');
    await closed;
    await expect(bus.publish('shop.orders', 'x')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });

  it('logs by the server', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const fastify = server({ logger: { level: 'warn', stream } });
    await fastify.register(ebus, { config, plugins: [memory] });
    const fail = () => {
      throw new Error('no');
    };
    await fastify.bus.subscribeEnvelope('shop.orders', fail, { maxRetries: 0 });
    await fastify.bus.publishEnvelope('shop.orders', placed);
    await fastify.bus.idle();
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ topic: 'shop.orders', key: 'order-1' }),
    );
  });
});
