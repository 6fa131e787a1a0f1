// A service that runs: its servers started together, each of them killed, stopped and started again, all of it removed.
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeServers } from './compose-servers.mjs';
import { serverProcess } from './server-process.mjs';

/**
 * @typedef {object} Server how to run one server: a command, or a container
 * @property {string} name
 * @property {string} address
 * @property {string} [monitoring]
 * @property {(together: boolean) => Promise<boolean>} isReady `together`: most of the service's servers are running
 * @property {string} [command]
 * @property {readonly string[]} [args]
 * @property {NodeJS.Signals} [stopSignal] asks it to end in order
 * @property {string} [cwd]
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {{ name: string, files?: Record<string, string> }} [container] a service of a compose file, and the files
 *   to be found in it
 *
 * @typedef {object} Layout a service laid out in its data folder
 * @property {readonly Server[]} servers
 * @property {() => Promise<boolean>} isComplete whether all of them together are ready
 * @property {() => Promise<string | undefined>} version as the running service says
 */

const COMPLETE_MS = 60_000;
const POLL_MS = 25;

/** How often to try again where that may help. */
const ATTEMPTS = 5;

/** @param {{ service: string, how: 'process' | 'docker', source: string, uid?: number, gid?: number }} plan */
export function runningService(plan) {
  const begun = new Date();
  let folder;
  let version;
  let layout;
  let servers = [];
  let removeContainers = async () => {};
  let starting;
  let closing;

  const pids = () => servers.map((server) => server.pid() ?? null);
  const running = () => servers.filter((server) => server.isRunning());
  /** Whether those that run could elect a leader. */
  const mostAreRunning = () => running().length * 2 > servers.length;
  const killAll = () => Promise.allSettled(servers.map((server) => server.kill()));

  /** What is asked for while everything ends must not start anything. */
  function refuseWhenClosing() {
    if (closing !== undefined) throw new Error('the service is closed');
  }

  async function start() {
    for (let attempt = 1; ; attempt += 1) {
      try {
        layout = await layOutServers();
        await Promise.all(servers.map((server) => server.start()));
        await complete();
        version = await layout.version();
        return;
      } catch (error) {
        await remove();
        if (closing !== undefined || !error.portTaken || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async function layOutServers() {
    const { layOut } = await import(`../${plan.service}/launch.mjs`);
    folder = mkdtempSync(join(tmpdir(), `ebus-${plan.service}-`));
    if (plan.uid !== undefined) chownSync(folder, plan.uid, plan.gid);
    const laidOut = await layOut(plan, folder);
    if (plan.how === 'docker') {
      const composed = await composeServers(laidOut.servers, folder, mostAreRunning);
      ({ servers, remove: removeContainers } = composed);
    } else {
      servers = laidOut.servers.map((server) => serverProcess(server, mostAreRunning));
    }
    refuseWhenClosing();
    return laidOut;
  }

  /** Waits until the servers work together; a server that ends meanwhile ends the wait. */
  async function complete() {
    const deadline = performance.now() + COMPLETE_MS;
    while (running().length === servers.length && !(await layout.isComplete())) {
      refuseWhenClosing();
      if (performance.now() > deadline)
        throw new Error(`the servers of ${plan.service} did not come together`);
      await sleep(POLL_MS);
    }
  }

  async function remove() {
    await killAll();
    await removeContainers();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async function restart(server) {
    await server.stop();
    for (let attempt = 1; ; attempt += 1) {
      refuseWhenClosing();
      try {
        await server.start();
        break;
      } catch (error) {
        if (!error.mayPass || attempt === ATTEMPTS) throw error;
        await sleep(200 * attempt);
      }
    }
    await complete();
  }

  const onNode =
    (work) =>
    async (node = 1) => {
      const server = servers[node - 1];
      if (server === undefined)
        throw new Error(`${plan.service} has no node ${node}, only 1 to ${servers.length}`);
      return work(server);
    };

  return {
    async start() {
      starting = start();
      await starting;
    },
    /** What there is to say about it, to the program that asked for it and to `services status`. */
    describe: () => ({
      ...{ service: plan.service, how: plan.how, source: plan.source, version, folder },
      begun: begun.toISOString(),
      addresses: servers.map((server) => server.address),
      monitoring: servers.map((server) => server.monitoring).filter((url) => url !== undefined),
      pids: pids(),
    }),
    pids,
    kill: onNode((server) => server.kill()),
    stop: onNode((server) => server.stop()),
    restart: onNode(restart),
    pause: onNode((server) => server.pause()),
    resume: onNode((server) => server.resume()),
    log: onNode((server) => server.log()),
    /** Ends everything and removes the data folder, also in the middle of a start. */
    close() {
      closing ??= (async () => {
        // This ends a start that waits for them.
        await killAll();
        await starting?.catch(() => {});
        await remove();
      })();
      return closing;
    },
  };
}
