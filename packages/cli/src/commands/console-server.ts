/** A server for the console page alone. */
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { systemClock } from '@ebus/core';
import { CliError } from '../errors.js';

const TOKEN_BYTES = 24;
const MOST_CONNECTIONS = 128;

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; choose another --port (0: any free one)',
  EACCES: 'this user may not use the port; choose a --port above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address; correct --host',
  ENOTFOUND: 'that host name is not known; correct --host',
};

/** A token that nobody can guess. */
export function newToken(): string {
  return Buffer.from(systemClock.randomBytes(TOKEN_BYTES)).toString('base64url');
}

/** Whether only this machine reaches a server at that host: then it needs no token. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Resolves when it listens. @throws CliError */
export async function consoleServer(
  page: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000 }, page);
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CliError(`cannot listen on ${host}:${port}: ${REMEDIES[error.code ?? ''] ?? error.message}`),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  // Such as no file descriptor being left for a connection: it goes on listening.
  server.on('error', () => {});
  const { address, port: at } = server.address() as AddressInfo;
  const reachable =
    address === '::' || address === '0.0.0.0' ? '127.0.0.1' : isIPv6(address) ? `[${address}]` : address;
  return {
    url: `http://${reachable}:${at}/ui`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
