/** The plug-in: a health server that lives with its bus. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  definePlugin,
  type EventBus,
  type ExtensionPlugin,
  type PluginContext,
  PluginError,
} from '@ebus/core';
import type { HealthSource } from './endpoints.js';
import { healthHandler } from './health-handler.js';
import { type ConsoleConfig, type HealthHttpConfig, healthHttpConfigSchema } from './health-http-config.js';
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

const all = new WeakMap<object, HealthServers>();

const plugin = definePlugin({
  kind: 'extension',
  name: 'healthHttp',
  config: healthHttpConfigSchema,
  create: async (bus, config, context) => {
    const servers = await serversOf(bus, config, context);
    all.set(bus, servers);
    return servers;
  },
});

async function serversOf(
  bus: object,
  config: HealthHttpConfig,
  context: PluginContext,
): Promise<HealthServers> {
  const { port, host, path = '', allowedHosts, metricsPort, metricsHost = host, ui } = config;
  const { logger, clock } = context;
  // Plug-ins see a bus as an object, and this one is made by createEventBus.
  const page = ui === undefined ? undefined : await pageOf(bus as EventBus, config, ui, context);
  const serverOf = (where: Where, ...handlers: Handler[]) =>
    new HealthServer(inTurn(handlers), { ...where, path, allowedHosts }, { logger, clock });
  const health = (serve: 'all' | 'probes' | 'metrics') =>
    healthHandler(bus as HealthSource, { path, serve, logger, clock });
  const isApart = ui?.port !== undefined;
  const probes = health(metricsPort === undefined ? 'all' : 'probes');
  const beside = page === undefined || isApart ? [] : [page];
  return new HealthServers(
    serverOf({ port, host }, ...beside, probes),
    {
      metrics:
        metricsPort === undefined
          ? undefined
          : serverOf({ port: metricsPort, host: metricsHost }, health('metrics')),
      ui:
        isApart && page !== undefined
          ? serverOf({ port: ui.port ?? 0, host: ui.host ?? '127.0.0.1' }, page)
          : undefined,
    },
    page,
  );
}

type Where = Pick<HealthHttpConfig, 'port' | 'host'>;
type Handler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void;

/** Loaded only where it is enabled. */
async function pageOf(
  bus: EventBus,
  { path, allowedHosts }: HealthHttpConfig,
  { token, allowActions, mask, traceLink }: ConsoleConfig,
  { logger, clock }: PluginContext,
) {
  const { consoleHandler } = await import('./console/index.js');
  const given = Object.entries({ path, allowedHosts, token, allowActions, mask, traceLink });
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return consoleHandler(bus, { ...options, logger, clock });
}

/** Each leaves to the next what is not its own. */
function inTurn([first, ...others]: readonly Handler[]): Handler {
  if (first === undefined || others.length === 0) return first ?? (() => {});
  const rest = inTurn(others);
  return (request, response) => first(request, response, () => rest(request, response));
}

/** `healthHttp: { port: 8080 }` gives a bus a server for `/health`, `/livez`, `/readyz` and `/metrics`. */
export const healthHttp: HealthHttpPlugin = Object.assign(plugin, {
  address(bus: object): HealthHttpAddress {
    const server = all.get(bus);
    if (server !== undefined) return server.address();
    throw new PluginError(
      'this event bus has no health server: pass healthHttp in plugins, and healthHttp: { port } in the configuration',
    );
  },
});
