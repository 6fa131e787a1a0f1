/** The servers of one bus: for everything, or one for probes and one for metrics. */
import type { Extension } from '@ebus/core';
import type { HealthHttpAddress, HealthServer } from './health-server.js';

/** Starts and closes the servers with their bus. The metrics server starts once the one for probes listens. */
export class HealthServers implements Extension {
  readonly #probes: HealthServer;
  readonly #metrics: HealthServer | undefined;

  constructor(probes: HealthServer, metrics?: HealthServer) {
    this.#probes = probes;
    this.#metrics = metrics;
  }

  /** @throws PluginError unless they listen */
  address(): HealthHttpAddress {
    const address = this.#probes.address();
    return this.#metrics === undefined ? address : { ...address, metrics: this.#metrics.address() };
  }

  /** @throws ConfigError when one of them cannot listen */
  async start(): Promise<void> {
    await this.#probes.start();
    await this.#metrics?.start();
  }

  closing(): void {
    this.#probes.closing();
    this.#metrics?.closing();
  }

  async close(): Promise<void> {
    await Promise.all([this.#probes.close(), this.#metrics?.close()]);
  }
}
