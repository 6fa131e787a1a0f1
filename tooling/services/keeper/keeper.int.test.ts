import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceProblem } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { isRunning } from '../testing/is-running.js';
import { until } from '../testing/until.js';

const program = fileURLToPath(new URL('../testing/start-and-wait.mjs', import.meta.url));
const problem = await serviceProblem('nats');

interface Started {
  readonly program: ChildProcess;
  readonly keepers: readonly number[];
  readonly servers: readonly number[];
  readonly folders: readonly string[];
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs a program that starts services. */
function run(names: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [program, ...names], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** Resolves with what such a program says that it has started. */
function started(...names: string[]): Promise<Started> {
  const child = run(names);
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error(`it ended: ${errors}`)));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.endsWith('\n')) resolve({ program: child, ...JSON.parse(output) });
    });
  });
}

/** Whether a process works in a folder, also if the folder is removed meanwhile. Linux only. */
function someProcessIn(folder: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

async function nothingIsLeft({ keepers, servers, folders }: Started): Promise<void> {
  await until('all servers are gone', () => ![...keepers, ...servers].some(isRunning));
  await until('their folders are removed', () => !folders.some((folder) => existsSync(folder)));
}

describe.skipIf(problem !== undefined)(
  `a service ends with its program${problem === undefined ? '' : ` (skipped: ${problem})`}`,
  () => {
    it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('that ends with %s', async (signal) => {
      const services = await started('nats');
      expect(services.servers.every(isRunning)).toBe(true);
      expect(services.folders.every((folder) => existsSync(folder))).toBe(true);
      services.program.kill(signal);
      await nothingIsLeft(services);
    });

    it('that has several', async () => {
      const services = await started('nats', 'nats');
      services.program.kill('SIGKILL');
      await nothingIsLeft(services);
    });

    it.runIf(process.platform === 'linux')('that is killed while it starts', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ebus-interrupted-'));
      const child = run(['nats'], { TMPDIR: folder });
      await until('the start has begun', () => readdirSync(folder).length > 0);
      child.kill('SIGKILL');
      await until('all servers are gone', () => !someProcessIn(folder));
      await until('their folders are removed', () => readdirSync(folder).length === 0);
      rmSync(folder, { recursive: true });
    });

    it.runIf(process.platform === 'linux')('and with its keeper, should that be killed', async (context) => {
      const services = await started('nats');
      context.skip(services.servers.length === 0, 'containers belong to their engine');
      for (const keeper of services.keepers) process.kill(keeper, 'SIGKILL');
      await until('all servers are gone', () => !services.servers.some(isRunning));
      // That is more than it can do for their files.
      for (const folder of services.folders) rmSync(folder, { recursive: true });
    });
  },
);
