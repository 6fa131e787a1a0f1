// Java's archive of the classes that a broker loads: with it a broker starts in a third of the processor time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../cache.mjs';
import { freePorts } from '../ports.mjs';
import { runCommand } from '../run-command.mjs';
import { kafkaConfig } from './config.mjs';
import { javaArguments } from './jvm.mjs';
import { readMetadata } from './ready.mjs';

const startTimeout = 60_000;

/**
 * The archive for this Java and these jars, made at the first call by starting a broker once. `undefined` where it could
 * not be made: brokers start without it.
 *
 * @param {{ java: string, javaVersion: string, jars: string }} found
 * @param {(line: string) => void} log
 * @returns {Promise<string | undefined>}
 */
export async function classArchive({ java, javaVersion, jars }, log) {
  const key = createHash('sha256').update(`${java}\n${javaVersion}`).digest('hex').slice(0, 12);
  const file = `${jars}.${key}.jsa`;
  const failed = `${file}.failed`;
  const isTried = () => existsSync(file) || existsSync(failed);
  if (!isTried()) {
    await withLock(`${file}.lock`, async () => {
      if (isTried()) return;
      log('making an archive of the classes of Kafka, once ...');
      if (!(await make(java, jars, file))) writeFileSync(failed, '');
    });
  }
  return existsSync(file) ? file : undefined;
}

async function make(java, jars, file) {
  const folder = `${file}.making`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const [client, internal, controller] = await freePorts(3);
    const settings = {
      id: 1,
      bind: '127.0.0.1',
      host: '127.0.0.1',
      ports: { client, internal, controller },
      voters: [`1@127.0.0.1:${controller}`],
      data: join(folder, 'data'),
      protocol: 'PLAINTEXT',
      config: '',
    };
    writeFileSync(join(folder, 'server.properties'), kafkaConfig(settings));
    const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', 'AAAAAAAAAAAAAAAAAAAAAQ'];
    const { code } = await runCommand(
      java,
      [...javaArguments(jars), ...format, '--config', 'server.properties'],
      { cwd: folder },
    );
    if (code !== 0) return false;
    const made = join(folder, 'classes.jsa');
    await runBriefly(java, [...javaArguments(jars, [`-XX:ArchiveClassesAtExit=${made}`]), 'kafka.Kafka'], {
      cwd: folder,
      isReady: async () => (await readMetadata(internal))?.brokers.length === 1,
    });
    if (!existsSync(made)) return false;
    renameSync(made, file);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Java writes the archive when the broker has ended in good order. */
async function runBriefly(java, args, { cwd, isReady }) {
  const child = spawn(java, [...args, 'server.properties'], { cwd, stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  const deadline = performance.now() + startTimeout;
  while (child.exitCode === null && performance.now() < deadline && !(await isReady())) await sleep(100);
  child.kill('SIGTERM');
  const tooLong = setTimeout(() => child.kill('SIGKILL'), startTimeout);
  await ended;
  clearTimeout(tooLong);
}
