// How to run PostgreSQL as a local process: a database cluster made in the data folder, the command, when it is ready.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { lastLines } from '../run-command.mjs';
import { acceptsClients } from './ready.mjs';

const host = '127.0.0.1';

/**
 * @param {{ bin: string, version: string, uid?: number, gid?: number }} plan
 * @param {string} folder owned by that user
 * @returns {Promise<import('../keeper/keeper.mjs').Layout>}
 */
export async function layOut(plan, folder) {
  const data = join(folder, 'data');
  const user = { uid: plan.uid, gid: plan.gid, cwd: folder };
  makeCluster(plan, data, user);
  const [port] = await freePorts(1);
  const settings = {
    port,
    listen_addresses: host,
    unix_socket_directories: '',
    // Files only have to outlive the server, not the machine.
    fsync: 'off',
  };
  const server = {
    ...user,
    command: join(plan.bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // A "fast" shutdown: it does not wait for clients to leave.
    stopSignal: 'SIGINT',
    address: `postgres://ebus:ebus@${host}:${port}/ebus`,
    isReady: () => acceptsClients(port),
  };
  return { servers: [server], isComplete: async () => true, version: async () => plan.version };
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
