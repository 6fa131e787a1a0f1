/** Servers of tests: on loopback, at a free port, ended with the test. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Waits until it listens, and returns its address: `http://127.0.0.1:1234`. */
export async function listening(server: Server): Promise<string> {
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  if (!server.listening) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).once('listening', resolve);
      if (server.address() === null) server.listen(0, '127.0.0.1');
    });
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
