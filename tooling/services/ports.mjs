// Ports for servers that a test kills and starts again on the same port.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which systems give ports to outgoing connections (32768 and up on Linux, 49152 on others): a
 * port from there, as `listen(0)` gives, could be taken by a mere client while its server is down, even by the very
 * client that reconnects to it.
 */
const FIRST = 15_000;
const LAST = 32_000;

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
