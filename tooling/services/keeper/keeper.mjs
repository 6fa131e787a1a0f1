// The process that holds a service's servers, so that they never outlive the program that started them: it is their
// parent, and it ends them and removes their data folder when its channel to that program closes, for whatever reason
// (end, crash, SIGKILL). It runs in a process group of its own, where the terminal's Ctrl-C does not reach it.
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveControl } from './control.mjs';
import { serverProcess } from './server-process.mjs';

/**
 * @typedef {object} Server how to run one server
 * @property {string} command
 * @property {readonly string[]} args
 * @property {NodeJS.Signals} stopSignal asks it to end in order
 * @property {string} address
 * @property {string} [monitoring]
 * @property {(together: boolean) => Promise<boolean>} isReady `together`: most of the service's servers are running
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {number} [uid]
 * @property {number} [gid]
 *
 * @typedef {object} Layout a service laid out in its data folder
 * @property {readonly Server[]} servers
 * @property {() => Promise<boolean>} isComplete whether all of them together are ready
 * @property {() => Promise<string | undefined>} version as the running service says
 */

const COMPLETE_MS = 60_000;
const POLL_MS = 25;
const ATTEMPTS = 5;

const begun = new Date();
let plan;
let folder;
let layout;
let servers = [];
let closing;
let persistent = false;

/** What there is to say about the service, to the program that asked for it and to `services status`. */
const description = (version) => ({
  service: plan.service,
  how: 'process',
  version,
  source: plan.source,
  folder,
  begun: begun.toISOString(),
  keeper: process.pid,
  addresses: servers.map((server) => server.address),
  monitoring: servers.map((server) => server.monitoring).filter((url) => url !== undefined),
  pids: servers.map((server) => server.pid()),
});

async function start(given) {
  plan = given;
  const { layOut } = await import(`../${plan.service}/launch.mjs`);
  folder = mkdtempSync(join(tmpdir(), `ebus-${plan.service}-`));
  if (plan.uid !== undefined) chownSync(folder, plan.uid, plan.gid);
  for (let attempt = 1; ; attempt += 1) {
    layout = await layOut(plan, folder);
    refuseWhenClosing();
    servers = layout.servers.map((server) => serverProcess(server, mostAreRunning));
    try {
      await Promise.all(servers.map((server) => server.start()));
      await complete();
      return description(await layout.version());
    } catch (error) {
      await Promise.all(servers.map((server) => server.kill()));
      if (closing || !error.portTaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** What is asked for while everything ends must not start anything. */
function refuseWhenClosing() {
  if (closing !== undefined) throw new Error('the service is closed');
}

/** Whether the servers that run could elect a leader. */
const mostAreRunning = () =>
  servers.filter((server) => server.pid() !== undefined).length * 2 > servers.length;

async function complete() {
  const deadline = performance.now() + COMPLETE_MS;
  while (!(await layout.isComplete())) {
    if (performance.now() > deadline) throw new Error(`${plan.service}: its servers did not come together`);
    await sleep(POLL_MS);
  }
}

function close() {
  closing ??= (async () => {
    await Promise.all(servers.map((server) => server.kill()));
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  })();
  return closing;
}

function serverOf(node) {
  const server = servers[node - 1];
  if (server === undefined)
    throw new Error(`${plan.service} has no node ${node}: they are 1 to ${servers.length}`);
  return server;
}

const methods = {
  start,
  close,
  describe: async () => description(await layout.version()),
  /** From here on it lives on its own, until somebody calls `close` through the key. */
  async persist(key) {
    await serveControl(key, { describe: methods.describe, close });
    persistent = true;
  },
  kill: (node) => serverOf(node).kill(),
  stop: (node) => serverOf(node).stop(),
  pause: (node) => serverOf(node).pause(),
  resume: (node) => serverOf(node).resume(),
  log: (node) => serverOf(node).log(),
  pids: () => servers.map((server) => server.pid() ?? null),
  async restart(node) {
    const server = serverOf(node);
    await server.stop();
    // Something may sit on its port for a moment.
    for (let attempt = 1; ; attempt += 1) {
      refuseWhenClosing();
      try {
        return await server.start();
      } catch (error) {
        if (!error.portTaken || attempt === ATTEMPTS) throw error;
        await sleep(200 * attempt);
      }
    }
  },
};

async function answer({ id, method, args }) {
  try {
    process.send?.({ id, result: await methods[method](...args) });
  } catch (error) {
    process.send?.({ id, error: error.message });
  }
  if (method === 'close') process.exit();
}

async function end() {
  await close();
  process.exit();
}

process.on('message', answer);
process.on('disconnect', () => persistent || end());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
process.on('uncaughtException', async (error) => {
  process.send?.({ error: `the keeper failed: ${error.stack}` });
  await end();
});
