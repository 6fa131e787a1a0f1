// Where downloads and compiled servers are kept: outside the work tree, so that all clones share them.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The user's cache folder, `ebus` below it. `XDG_CACHE_HOME` moves it. */
export function cacheFolder(...names) {
  const home = homedir();
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'darwin' && join(home, 'Library/Caches')) ||
    (process.platform === 'win32' && process.env.LOCALAPPDATA) ||
    join(home, '.cache');
  return join(base, 'ebus', ...names);
}

/** Whether a process of that id exists. */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Does some work while no other process does work under the same lock. The lock of a process that has ended is void.
 *
 * @template T
 * @param {string} folder the lock: a folder that exists while the lock is held
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, work) {
  const owner = join(folder, 'pid');
  mkdirSync(dirname(folder), { recursive: true });
  for (let ownerless = 0; ; ) {
    try {
      mkdirSync(folder);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = Number(readOrNothing(owner));
    // Between making the folder and writing the id there is a moment without an owner.
    ownerless = pid > 0 ? 0 : ownerless + 1;
    if (pid > 0 ? !isRunning(pid) : ownerless > 20) rmSync(folder, { recursive: true, force: true });
    else await sleep(100);
  }
  writeFileSync(owner, String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readOrNothing(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
