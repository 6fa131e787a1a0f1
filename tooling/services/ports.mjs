// Ports for servers that a test kills and starts again on the same port.
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { cacheFolder, isRunning } from './cache.mjs';

/**
 * Below the ports that the system gives to outgoing connections: one of those, as `listen(0)` gives them, could be
 * taken by a mere client while its server is down, even by the very client that reconnects to it.
 */
const FIRST = 9_000;
const LAST = firstOutgoing();

function firstOutgoing() {
  const linux = '/proc/sys/net/ipv4/ip_local_port_range';
  const low = existsSync(linux) ? Number.parseInt(readFileSync(linux, 'utf8'), 10) : Number.NaN;
  // A system set up otherwise still gets a range; then a port can be lost, though rarely.
  return low > FIRST + 1000 ? low : 32_768;
}

/**
 * Free loopback ports, all different, which no other caller gets while this process lives: also not while their server is
 * down. Another program may take one before its server listens: start again with others then.
 */
export async function freePorts(
  count,
  { folder = cacheFolder('run', 'ports'), first = FIRST, last = LAST } = {},
) {
  mkdirSync(folder, { recursive: true });
  const ports = [];
  while (ports.length < count) {
    const port = randomInt(first, last);
    if (reserve(join(folder, String(port))) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** The files of this process. */
const reserved = new Set();

function giveBack() {
  for (const file of reserved) rmSync(file, { force: true });
}

/** A file for each port, with the process that has it. That of a process which has ended is void. */
function reserve(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    if (reserved.size === 0) process.once('exit', giveBack);
    reserved.add(file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    // Void ones are removed, and are there for the next one who draws that number.
    if (isVoid(file)) rmSync(file, { force: true });
    return false;
  }
}

function isVoid(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Another process may just be writing it.
    return pid > 0 && !isRunning(pid);
  } catch {
    return false;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
