// Finds a nats-server of the wanted version: compiled by the Go toolchain, from PATH, or out of the Debian package.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, withLock } from '../cache.mjs';
import { findOnPath, lastLines, runCommand } from '../run-command.mjs';
import { currentVersion, oldVersion } from './versions.mjs';

const command = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/**
 * A server to run, with where it comes from.
 *
 * @param {string} wanted `current`, `2.9` (any 2.9), or an exact version
 * @param {(line: string) => void} log told before work that takes long
 * @returns {Promise<{ binary: string, version: string, source: string }>}
 * @throws an `AggregateError` of why each way did not do
 */
export async function findNatsServer(wanted, log) {
  const exact = wanted === 'current' ? currentVersion : wanted === '2.9' ? oldVersion : wanted;
  const ways = {
    go: () => compiled(exact, log),
    path: () => onPath(wanted),
    package: () => unpacked(wanted, log),
  };
  // The package of a 2.9 is quicker to have than a compiled one; a current one is nowhere but in Go's hands.
  const order = wanted === '2.9' ? ['path', 'package', 'go'] : ['go', 'path', 'package'];
  const problems = [];
  for (const way of order) {
    try {
      return await ways[way]();
    } catch (error) {
      problems.push(error);
    }
  }
  throw new AggregateError(problems);
}

/** Whether a version may stand for the wanted one. Any server is better than none where a current one is wanted. */
function fits(version, wanted) {
  if (wanted === 'current') return true;
  return version === wanted || (wanted === '2.9' && version.startsWith('2.9.'));
}

async function versionOf(binary) {
  const { code, output } = await runCommand(binary, ['--version']);
  const version = /v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
  if (code !== 0 || version === undefined) throw new Error(`${binary} does not run: ${lastLines(output, 3)}`);
  return version;
}

async function compiled(version, log) {
  const folder = cacheFolder('nats-server', version);
  const found = { binary: join(folder, command), version, source: 'compiled by Go' };
  if (existsSync(found.binary)) return found;
  if (findOnPath('go') === undefined) throw new Error('Go: there is no `go` on PATH');
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(found.binary)) return found;
    const begun = performance.now();
    log(`compiling nats-server ${version} with Go, once (some minutes; kept in ${folder}) ...`);
    const building = `${folder}.building`;
    rmSync(building, { recursive: true, force: true });
    mkdirSync(building, { recursive: true });
    const { code, output } = await runCommand(
      'go',
      ['install', '-trimpath', `github.com/nats-io/nats-server/v2@v${version}`],
      { cwd: building, env: { ...process.env, GOBIN: building, CGO_ENABLED: '0' } },
    );
    if (code !== 0) {
      rmSync(building, { recursive: true, force: true });
      throw new Error(`Go could not compile nats-server ${version}: ${lastLines(output, 5)}`);
    }
    renameSync(building, folder);
    log(`compiled nats-server ${version} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    return found;
  });
}

async function onPath(wanted) {
  const binary = findOnPath('nats-server');
  if (binary === undefined) throw new Error('PATH: there is no `nats-server`');
  const version = await versionOf(binary);
  if (!fits(version, wanted)) throw new Error(`PATH: ${binary} is ${version}`);
  return { binary, version, source: `from PATH (${binary})` };
}

/** The Debian package, unpacked into the cache: installing it would start a server of the system's own. */
async function unpacked(wanted, log) {
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg') === undefined) {
    throw new Error('Debian package: there is no apt-get and dpkg here');
  }
  const folder = cacheFolder('nats-server', 'debian');
  const binary = join(folder, 'usr/sbin', command);
  if (!existsSync(binary)) await withLock(`${folder}.lock`, () => unpack(folder, log));
  if (!existsSync(binary)) throw new Error(`Debian package: it has no ${binary.slice(folder.length)}`);
  const version = await versionOf(binary);
  if (!fits(version, wanted)) throw new Error(`Debian package: it is ${version}`);
  return { binary, version, source: 'Debian package' };
}

async function unpack(folder, log) {
  if (existsSync(folder)) return;
  log('fetching the Debian package nats-server, once ...');
  const work = mkdtempSync(join(tmpdir(), 'ebus-package-'));
  try {
    const download = () => runCommand('apt-get', ['download', 'nats-server'], { cwd: work });
    let done = await download();
    if (done.code !== 0 && process.getuid?.() === 0) {
      // A new machine has no package lists yet.
      await runCommand('apt-get', ['update'], { cwd: work });
      done = await download();
    }
    const file = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (done.code !== 0 || file === undefined) {
      throw new Error(`Debian package: apt-get download failed: ${lastLines(done.output, 3)}`);
    }
    const unpacking = `${folder}.unpacking`;
    rmSync(unpacking, { recursive: true, force: true });
    mkdirSync(unpacking, { recursive: true });
    const extracted = await runCommand('dpkg', ['-x', join(work, file), unpacking]);
    if (extracted.code !== 0) throw new Error(`Debian package: ${lastLines(extracted.output, 3)}`);
    renameSync(unpacking, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
