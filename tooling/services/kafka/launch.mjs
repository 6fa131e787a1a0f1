// How to run Kafka: ports, configuration files, commands or containers, and when it is ready. Every node is broker and
// controller. Clients have a listener of their own, whose security a test may choose; among themselves nodes use none.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { lastLines, runCommand } from '../run-command.mjs';
import { kafkaConfig } from './config.mjs';
import { javaArguments } from './jvm.mjs';
import { listens, readMetadata } from './ready.mjs';

const loopback = '127.0.0.1';

/**
 * @param {object} plan
 * @param {'process' | 'docker'} plan.how
 * @param {number} plan.nodes
 * @param {readonly string[]} plan.configs lines for each node
 * @param {Readonly<Record<string, string>>} plan.files
 * @param {string} plan.protocol of the listener for clients
 * @param {readonly (string | undefined)[]} plan.advertised where clients are told to connect to, for each node
 * @param {Readonly<Record<string, string>>} plan.scramUsers passwords by name
 * @param {string} plan.version
 * @param {string} [plan.java] where local processes run
 * @param {string} [plan.jars]
 * @param {string} [plan.archive] of their classes
 * @param {string} [plan.image] where containers run
 * @param {string} folder
 * @returns {Promise<import('../keeper/keeper.mjs').Layout>}
 */
export async function layOut(plan, folder) {
  const ports = await freePorts(plan.nodes * 3);
  const clusterId = newClusterId();
  const inDocker = plan.how === 'docker';
  const nodes = plan.configs.map((config, i) => ({
    id: i + 1,
    config,
    advertised: plan.advertised[i],
    host: inDocker ? `kafka-${i + 1}` : loopback,
    ports: { client: ports[3 * i], internal: ports[3 * i + 1], controller: ports[3 * i + 2] },
  }));
  const voters = nodes.map(({ id, host, ports: { controller } }) => `${id}@${host}:${controller}`);
  const run = inDocker ? asContainer : asProcess;
  const servers = await Promise.all(
    nodes.map(async (node) => ({
      ...(await run(plan, node, { voters, clusterId, folder })),
      name: `kafka-${node.id}`,
      address: `${loopback}:${node.ports.client}`,
      async isReady(together) {
        // Without the others there is no controller, and it accepts no clients.
        if (!together) return inDocker || listens(node.ports.controller);
        const metadata = await readMetadata(node.ports.internal);
        return metadata?.clusterId === clusterId && metadata.brokers.includes(node.id);
      },
    })),
  );
  return {
    servers,
    async isComplete() {
      const views = await Promise.all(nodes.map(({ ports: { internal } }) => readMetadata(internal)));
      return views.every((view) => view?.brokers.length === nodes.length);
    },
    version: async () => plan.version,
  };
}

/** One that begins with a dash would be taken for an option. */
function newClusterId() {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}

/** The arguments that make an empty log with the users in it. */
const formatting = ({ scramUsers }, clusterId, file) => [
  'format',
  ...['--cluster-id', clusterId, '--config', file, '--ignore-formatted'],
  ...Object.entries(scramUsers).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  ),
];

async function asProcess(plan, node, { voters, clusterId, folder }) {
  const { java, jars, archive, files, protocol } = plan;
  const cwd = join(folder, `kafka-${node.id}`);
  mkdirSync(cwd, { recursive: true });
  const settings = { ...node, bind: loopback, voters, data: join(cwd, 'data'), protocol };
  writeFileSync(join(cwd, 'server.properties'), kafkaConfig(settings));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const program = javaArguments(jars, archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`]);
  const format = [...program, 'kafka.tools.StorageTool', ...formatting(plan, clusterId, 'server.properties')];
  const { code, output } = await runCommand(java, format, { cwd });
  if (code !== 0) throw new Error(`Kafka's log could not be made: ${lastLines(output)}`);
  return {
    command: java,
    args: [...program, 'kafka.Kafka', 'server.properties'],
    cwd,
    stopSignal: 'SIGTERM',
  };
}

function asContainer(plan, node, { voters, clusterId }) {
  const folder = '/etc/ebus';
  const { image, files, protocol } = plan;
  const settings = { ...node, bind: '0.0.0.0', voters, data: '/tmp/kafka-data', protocol };
  const text = kafkaConfig(settings);
  const all = { 'server.properties': text, ...files };
  const file = `${folder}/server.properties`;
  const quoted = formatting(plan, clusterId, file).map((word) => `'${word}'`);
  const script = `/opt/kafka/bin/kafka-storage.sh ${quoted.join(' ')} && exec /opt/kafka/bin/kafka-server-start.sh ${file}`;
  const { client, internal } = node.ports;
  return {
    container: {
      name: node.host,
      image,
      command: ['sh', '-c', script],
      working_dir: folder,
      environment: { KAFKA_HEAP_OPTS: '-Xms64m -Xmx320m' },
      ports: [client, internal].map((port) => `${loopback}:${port}:${port}`),
      files: Object.fromEntries(Object.entries(all).map(([name, content]) => [`${folder}/${name}`, content])),
    },
  };
}
