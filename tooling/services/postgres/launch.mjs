// How to run PostgreSQL: a database cluster made in the data folder and the command, or a container.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { lastLines } from '../run-command.mjs';
import { acceptsClients } from './ready.mjs';

const host = '127.0.0.1';

// Files only have to outlive the server, not the machine.
const settings = ['-c', 'fsync=off'];

/**
 * @param {{ how: 'process' | 'docker', bin?: string, uid?: number, gid?: number, image?: string }} plan
 * @param {string} folder owned by that user
 * @returns {Promise<import('../keeper/keeper.mjs').Layout>}
 */
export async function layOut(plan, folder) {
  const [port] = await freePorts(1);
  const run = plan.how === 'docker' ? asContainer(plan, port) : asProcess(plan, port, folder);
  const server = {
    ...run,
    name: 'postgres',
    address: `postgres://ebus:ebus@${host}:${port}/ebus`,
    isReady: () => acceptsClients(port),
  };
  return {
    servers: [server],
    isComplete: async () => true,
    version: async () => plan.version,
  };
}

function asProcess(plan, port, folder) {
  const data = join(folder, 'data');
  const user = { uid: plan.uid, gid: plan.gid, cwd: folder };
  makeCluster(plan, data, user);
  const own = ['-c', `port=${port}`, '-c', `listen_addresses=${host}`, '-c', 'unix_socket_directories='];
  return {
    ...user,
    command: join(plan.bin, 'postgres'),
    args: ['-D', data, ...own, ...settings],
    // A "fast" shutdown: it does not wait for clients to leave.
    stopSignal: 'SIGINT',
  };
}

function asContainer({ image }, port) {
  const environment = { POSTGRES_USER: 'ebus', POSTGRES_PASSWORD: 'ebus', POSTGRES_DB: 'ebus' };
  return {
    container: {
      ...{ name: 'postgres', image, environment, command: settings },
      ports: [`${host}:${port}:5432`],
    },
  };
}

/** Its superuser is `ebus`, who needs no password, with a database of that name. */
function makeCluster({ bin }, data, user) {
  const run = (program, args, input) => {
    const done = spawnSync(join(bin, program), args, { ...user, input, encoding: 'utf8' });
    if (done.status !== 0) {
      throw new Error(`${program} failed: ${lastLines(done.error?.message ?? done.stdout + done.stderr)}`);
    }
  };
  const locale = ['--encoding=UTF8', '--locale=C'];
  run('initdb', ['-D', data, '--username=ebus', '--auth=trust', '--no-sync', ...locale], '');
  run('postgres', ['--single', '-D', data, 'postgres'], 'CREATE DATABASE ebus;\n');
}
