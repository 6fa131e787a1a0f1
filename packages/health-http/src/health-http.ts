/** The plug-in: a health server that lives with its bus. */
import { definePlugin, type ExtensionPlugin, PluginError } from '@ebus/core';
import type { HealthSource } from './endpoints.js';
import { healthHandler } from './health-handler.js';
import { type HealthHttpConfig, healthHttpConfigSchema } from './health-http-config.js';
import { type HealthHttpAddress, HealthServer } from './health-server.js';
import { HealthServers } from './health-servers.js';

/** The plug-in, with a way to ask for the address of a running server. */
export interface HealthHttpPlugin extends ExtensionPlugin<'healthHttp', HealthHttpConfig> {
  /**
   * Where the server of a bus listens.
   * @throws PluginError for a bus without one, or one that is not started or closed
   */
  address(bus: object): HealthHttpAddress;
}

const servers = new WeakMap<object, HealthServers>();

const plugin = definePlugin({
  kind: 'extension',
  name: 'healthHttp',
  config: healthHttpConfigSchema,
  create: (bus, config, { logger, clock }) => {
    const { port, host, path = '', allowedHosts, metricsPort, metricsHost = host } = config;
    const serverOf = (
      serve: 'all' | 'probes' | 'metrics',
      where: Pick<HealthHttpConfig, 'port' | 'host'>,
    ) => {
      // Plug-ins see a bus as an object, and this one is made by createEventBus.
      const handler = healthHandler(bus as HealthSource, { path, serve, logger, clock });
      return new HealthServer(handler, { ...where, path, allowedHosts }, { logger, clock });
    };
    const server =
      metricsPort === undefined
        ? new HealthServers(serverOf('all', { port, host }))
        : new HealthServers(
            serverOf('probes', { port, host }),
            serverOf('metrics', { port: metricsPort, host: metricsHost }),
          );
    servers.set(bus, server);
    return server;
  },
});

/** `healthHttp: { port: 8080 }` gives a bus a server for `/health`, `/livez`, `/readyz` and `/metrics`. */
export const healthHttp: HealthHttpPlugin = Object.assign(plugin, {
  address(bus: object): HealthHttpAddress {
    const server = servers.get(bus);
    if (server !== undefined) return server.address();
    throw new PluginError(
      'this event bus has no health server: pass healthHttp in plugins, and healthHttp: { port } in the configuration',
    );
  },
});
