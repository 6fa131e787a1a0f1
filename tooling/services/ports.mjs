// Ports for servers that a test kills and starts again on the same port.
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

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

/** Free loopback ports, all different. One may be taken before its server listens: start again with others then. */
export async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) {
    const port = randomInt(FIRST, LAST);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
