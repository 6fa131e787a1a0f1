/** The servers of one bus: for everything, or one for probes and one for metrics. */
import type { Extension } from '@ebus/core';
import type { HealthHttpAddress, HealthServer } from './health-server.js';

/** What listens at a port of its own. */
export interface ServersApart {
  readonly metrics?: HealthServer | undefined;
  readonly ui?: HealthServer | undefined;
}

/** Starts and closes the servers with their bus. The others start once the one for probes listens. */
export class HealthServers implements Extension {
  readonly #probes: HealthServer;
  readonly #apart: ServersApart;
  readonly #console: { close(): void } | undefined;

  /** @param page the console, where there is one: it ends before its server */
  constructor(probes: HealthServer, apart: ServersApart = {}, page?: { close(): void }) {
    this.#probes = probes;
    this.#apart = apart;
    this.#console = page;
  }

  /** @throws PluginError unless they listen */
  address(): HealthHttpAddress {
    const address = this.#probes.address();
    const { metrics, ui } = this.#apart;
    const console = this.#console === undefined ? undefined : `${(ui ?? this.#probes).address().url}/ui`;
    return {
      ...address,
      ...(metrics === undefined ? {} : { metrics: metrics.address() }),
      ...(console === undefined ? {} : { console }),
    };
  }

  /** @throws ConfigError when one of them cannot listen */
  async start(): Promise<void> {
    for (const server of this.#all) await server.start();
  }

  closing(): void {
    for (const server of this.#all) server.closing();
  }

  async close(): Promise<void> {
    this.#console?.close();
    await Promise.all(this.#all.map((server) => server.close()));
  }

  get #all(): HealthServer[] {
    const { metrics, ui } = this.#apart;
    return [this.#probes, metrics, ui].filter((server) => server !== undefined);
  }
}
