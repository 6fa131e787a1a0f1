// How to run NATS as local processes: ports, configuration files, commands, and when it is ready.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { natsConfig } from './config.mjs';
import { isComplete, isHealthy, readInfo } from './ready.mjs';

const host = '127.0.0.1';

/**
 * Writes what the servers need into their data folder.
 *
 * @param {{ binary: string, nodes: number, jetstream: boolean | string, configs: readonly string[] }} plan
 * @param {string} folder
 * @returns {Promise<import('../keeper/keeper.mjs').Layout>}
 */
export async function layOut(plan, folder) {
  const ports = await freePorts(plan.nodes * 3);
  const nodes = plan.configs.map((config, i) => ({
    config,
    ports: { client: ports[3 * i], monitor: ports[3 * i + 1], route: ports[3 * i + 2] },
  }));
  const routes = plan.nodes > 1 ? nodes.map((node) => `${host}:${node.ports.route}`) : [];
  const servers = nodes.map(({ config, ports }, i) => {
    const own = join(folder, String(i + 1));
    mkdirSync(own, { recursive: true });
    const file = join(own, 'nats.conf');
    const store = join(own, 'jetstream');
    writeFileSync(
      file,
      natsConfig({ node: i + 1, host, ports, routes, store, jetstream: plan.jetstream, config }),
    );
    return {
      command: plan.binary,
      args: ['--config', file],
      stopSignal: 'SIGTERM',
      address: `nats://${host}:${ports.client}`,
      monitoring: `http://${host}:${ports.monitor}`,
      async isReady(together) {
        const listens = (await readInfo(ports.client)) !== undefined;
        // Without the others it can do no more than listen.
        return listens && (!together || (await isHealthy(this.monitoring)));
      },
    };
  });
  return {
    servers,
    isComplete: async () => plan.nodes === 1 || isComplete(servers, plan.jetstream),
    version: async () => (await readInfo(Number(new URL(servers[0].address).port)))?.version,
  };
}
