// The servers of a service as containers of one project of docker compose: started, killed, stopped, started again.
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lastLines, runCommand } from '../run-command.mjs';
import { ServerFailed, waitUntilReady } from './wait-until-ready.mjs';

/** How often to ask whether a container that is not ready yet has ended. */
const ENDED_POLL_MS = 1000;
const STOP_SECONDS = '20';

/** A compose file: JSON is YAML. `$` would be the beginning of a variable. Pure. */
export function composeFile(servers) {
  const configs = {};
  const services = {};
  for (const { container } of servers) {
    const { name, files = {}, ...rest } = container;
    const mounts = Object.entries(files).map(([target, content], i) => {
      configs[`${name}-${i}`] = { content };
      return { source: `${name}-${i}`, target };
    });
    services[name] = { ...rest, ...(mounts.length === 0 ? {} : { configs: mounts }) };
  }
  return JSON.stringify({ services, configs }, null, 2).replaceAll('$', '$$$$');
}

/**
 * @param {readonly import('./running-service.mjs').Server[]} servers
 * @param {string} folder
 * @param {() => boolean} mostAreRunning
 */
export async function composeServers(servers, folder, mostAreRunning) {
  const file = join(folder, 'compose.json');
  writeFileSync(file, composeFile(servers));
  const project = basename(folder).toLowerCase();
  const compose = (...args) =>
    runCommand('docker', ['compose', '--project-name', project, '--file', file, ...args]);
  const must = async (...args) => {
    const { code, output } = await compose(...args);
    if (code !== 0) throw new Error(`docker compose ${args.join(' ')}: ${lastLines(output)}`);
    return output;
  };
  const remove = () => compose('down', '--volumes', '--timeout', '0');

  const created = await compose('create', '--pull', 'missing');
  if (created.code !== 0) {
    await remove();
    throw new Error(`docker compose create: ${lastLines(created.output)}`);
  }
  return {
    servers: servers.map((server) => composeServer(server, { compose, must, mostAreRunning })),
    remove,
  };
}

function composeServer(server, { compose, must, mostAreRunning }) {
  const { name } = server.container;
  const log = async () =>
    (await compose('logs', '--no-color', '--no-log-prefix', '--tail', '300', name)).output;
  let running = false;
  let paused = false;
  let asked = 0;

  async function end() {
    if (performance.now() < asked + ENDED_POLL_MS) return undefined;
    asked = performance.now();
    const exited = (await must('ps', '--all', '--status', 'exited', '--quiet', name)).trim();
    return exited === '' ? undefined : 'its container ended';
  }

  /** A frozen container takes no signals. */
  async function resume() {
    if (paused) await must('unpause', name);
    paused = false;
  }

  async function gone(...how) {
    if (!running) return;
    await resume();
    await must(...how, name);
    await compose('wait', name);
    running = false;
  }

  return {
    address: server.address,
    monitoring: server.monitoring,
    isRunning: () => running,
    pid: () => undefined,
    log,
    async start() {
      const { code, output } = await compose('start', name);
      if (code !== 0) throw new ServerFailed(`${name} did not start`, output);
      running = true;
      asked = performance.now();
      await waitUntilReady({ name, isReady: () => server.isReady(mostAreRunning()), end, log });
    },
    kill: () => gone('kill', '--signal', 'SIGKILL'),
    stop: () => gone('stop', '--timeout', STOP_SECONDS),
    async pause() {
      await must('pause', name);
      paused = true;
    },
    resume,
  };
}
