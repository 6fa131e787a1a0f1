/** The plug-in: decorates the instance with a bus, and follows the life of the server. */
import { createEventBus, type EventBus } from '@ebus/core';
import { healthHandler } from '@ebus/health-http';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { EbusFastifyOptions, HealthRoutes } from './options.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The event bus of `@ebus/fastify`. */
    readonly bus: EventBus;
  }
}

const ENDPOINTS = {
  probes: ['/livez', '/alive', '/readyz', '/ready', '/health', '/healthz'],
  metrics: ['/metrics'],
};

const plugin: FastifyPluginAsync<EbusFastifyOptions> = async (fastify, options) => {
  const { health, subscribe, closeTimeout, bus: given, config, ...more } = options;
  // The log of the server is shaped like pino, as the bus expects it.
  const bus = given ?? (await createEventBus(config, { logger: fastify.log, ...more }));
  fastify.decorate('bus', bus);
  if (health !== undefined && health !== false) addRoutes(fastify, bus, health === true ? {} : health);
  if (subscribe !== undefined) fastify.addHook('onReady', async () => void (await subscribe(bus)));
  // Fastify calls it when running requests are answered: until then they may publish.
  fastify.addHook('onClose', async () => {
    await bus.close(closeTimeout === undefined ? {} : { timeout: closeTimeout });
  });
};

function addRoutes(
  fastify: FastifyInstance,
  bus: EventBus,
  { path = '', serve = 'all' }: HealthRoutes,
): void {
  const handle = healthHandler(bus, { ...(path === '' ? {} : { path }), serve, logger: fastify.log });
  const endpoints = serve === 'all' ? [...ENDPOINTS.probes, ...ENDPOINTS.metrics] : ENDPOINTS[serve];
  for (const endpoint of endpoints) {
    fastify.get(`${path}${endpoint}`, { logLevel: 'warn' }, (request, reply) => {
      reply.hijack();
      handle({ method: request.method, url: `${path}${endpoint}` }, reply.raw);
    });
  }
}

/**
 * `await fastify.register(ebus, { config, plugins: [nats] })`. Afterwards `fastify.bus` is the bus, in the whole application.
 * It is closed with the server, after the last request was answered.
 */
export const ebus: FastifyPluginAsync<EbusFastifyOptions> = Object.assign(plugin, {
  // Fastify's way to say that the decoration is for the whole application, and what the plug-in is called.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@ebus/fastify',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: '@ebus/fastify' },
});
