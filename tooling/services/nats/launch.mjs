// How to run NATS: ports, configuration files, commands or containers, and when it is ready.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { natsConfig } from './config.mjs';
import { isComplete, isHealthy, readInfo } from './ready.mjs';

const loopback = '127.0.0.1';

/**
 * Lays a cluster out, its servers named after its folder: what answers on their ports could be somebody else's.
 *
 * @param {object} plan
 * @param {'process' | 'docker'} plan.how
 * @param {number} plan.nodes
 * @param {boolean | string} plan.jetstream
 * @param {readonly string[]} plan.configs lines for each node
 * @param {Readonly<Record<string, string>>} plan.files
 * @param {string} [plan.binary] where local processes run
 * @param {string} [plan.image] where containers run
 * @param {string} folder
 * @returns {Promise<import('../keeper/keeper.mjs').Layout>}
 */
export async function layOut(plan, folder) {
  const ports = await freePorts(plan.nodes * 3);
  const cluster = basename(folder);
  const nodes = plan.configs.map((config, i) => ({
    name: `${cluster}-${i + 1}`,
    container: `nats-${i + 1}`,
    ports: { client: ports[3 * i], monitor: ports[3 * i + 1], route: ports[3 * i + 2] },
    config,
  }));
  const inDocker = plan.how === 'docker';
  const routes = nodes.map(({ container, ports }) => `${inDocker ? container : loopback}:${ports.route}`);
  const servers = nodes.map((node) => {
    const { name, ports } = node;
    const monitoring = `http://${loopback}:${ports.monitor}`;
    const text = (host, store) =>
      natsConfig({
        ...{ name, cluster, host, ports, store, config: node.config, jetstream: plan.jetstream },
        routes: plan.nodes > 1 ? routes : [],
      });
    const run = inDocker ? asContainer(plan, node, text) : asProcess(plan, join(folder, name), text);
    return {
      ...run,
      name,
      address: `nats://${loopback}:${ports.client}`,
      monitoring,
      async isReady(together) {
        const listens = (await readInfo(ports.client))?.server_name === name;
        // Without the others it can do no more than listen.
        return listens && (!together || (await isHealthy(monitoring)));
      },
    };
  });
  return {
    servers,
    isComplete: async () => plan.nodes === 1 || isComplete(servers, plan.jetstream),
    version: async () => (await readInfo(nodes[0].ports.client))?.version,
  };
}

function asProcess({ binary, files }, folder, text) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'nats.conf'), text(loopback, join(folder, 'jetstream')));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return { command: binary, args: ['--config', 'nats.conf'], cwd: folder, stopSignal: 'SIGTERM' };
}

function asContainer({ image, files }, { container, ports }, text) {
  const folder = '/etc/ebus';
  const all = { 'nats.conf': text('0.0.0.0', '/data'), ...files };
  return {
    container: {
      name: container,
      image,
      command: ['--config', `${folder}/nats.conf`],
      working_dir: folder,
      ports: [ports.client, ports.monitor].map((port) => `${loopback}:${port}:${port}`),
      files: Object.fromEntries(Object.entries(all).map(([name, content]) => [`${folder}/${name}`, content])),
    },
  };
}
