/** A server of its own for the endpoints, from the start of a bus until it has closed. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import {
  BusClosedError,
  type Clock,
  ConfigError,
  type Extension,
  type Logger,
  PluginError,
} from '@ebus/core';
import { isAllowedHost } from './allowed-hosts.js';
import { Connections } from './connections.js';
import type { HealthHttpConfig } from './health-http-config.js';
import { toPrefix } from './route.js';

/** Where a server listens. */
export interface HealthHttpAddress {
  /** `::` and `0.0.0.0` are all addresses of the machine. */
  readonly host: string;
  readonly port: number;
  /** For this machine, with the prefix and without a slash at the end: `http://127.0.0.1:8080/ops`. */
  readonly url: string;
  /** Where `/metrics` is, if it has a port of its own. */
  readonly metrics?: HealthHttpAddress;
  /** The address of the console page, if it is enabled. */
  readonly console?: string;
}

/** Requests that one connection may make. */
const MAX_REQUESTS = 1_000;
const MAX_HEADER_BYTES = 8_192;
const KEEP_ALIVE_MS = 5_000;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** Longer than any answer takes. A client that does not read its answer is cut off. */
const INACTIVITY_TIMEOUT_MS = 15_000;
/** What requests that are being answered get when the bus has closed. */
const CLOSE_GRACE_MS = 1_000;

/** The life cycle is an extension's; `stop()` leaves it running, since a stopped bus is still asked how it is. */
export class HealthServer implements Extension {
  readonly #config: HealthHttpConfig;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #connections = new Connections();
  #started: Promise<void> | undefined;
  #closing = false;

  constructor(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
    config: HealthHttpConfig,
    { logger, clock }: { logger: Logger; clock: Clock },
  ) {
    this.#config = config;
    this.#logger = logger;
    this.#clock = clock;
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      // A body is not read, so nothing can follow it; and once the bus closes nobody should count on the connection.
      if (this.#closing || hasBody(request)) response.setHeader('Connection', 'close');
      const { socket } = request;
      this.#connections.busy(socket);
      response.once('close', () => this.#connections.idle(socket));
      // It may have begun to close since then.
      response.once('finish', () => {
        if (this.#closing) socket.destroySoon();
      });
      if (isAllowedHost(request.headers.host, config.allowedHosts ?? [])) handler(request, response);
      else misdirected(response);
    };
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
        connectionsCheckingInterval: 1_000,
      },
      answer,
    );
    // Without this, Node asks for the body of a request that waits to be asked.
    this.#server.on('checkContinue', answer);
    this.#server.on('connection', (socket) => this.#connections.add(socket));
    this.#server.maxRequestsPerSocket = MAX_REQUESTS;
    this.#server.setTimeout(INACTIVITY_TIMEOUT_MS);
  }

  /** @throws PluginError unless it listens */
  address(): HealthHttpAddress {
    const address = this.#server.address() as AddressInfo | null;
    if (address === null) {
      throw new PluginError('the health server does not listen: it does from bus.start() until bus.close()');
    }
    const { address: host, port } = address;
    const reachable = host === '::' || host === '0.0.0.0' ? '127.0.0.1' : isIPv6(host) ? `[${host}]` : host;
    return { host, port, url: `http://${reachable}:${port}${toPrefix(this.#config.path)}` };
  }

  /**
   * Resolves when it listens.
   * @throws ConfigError when it cannot listen there
   */
  async start(): Promise<void> {
    if (this.#closing) throw new BusClosedError();
    this.#started ??= this.#listen();
    try {
      await this.#started;
    } catch (error) {
      this.#started = undefined;
      throw error;
    }
  }

  closing(): void {
    this.#closing = true;
  }

  /** Resolves when nobody is connected any more, after a second at the latest. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = this.#clock.setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS);
    await closed;
    this.#clock.clearTimeout(timer);
  }

  async #listen(): Promise<void> {
    const { port, host } = this.#config;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(cannotListen(error, this.#config));
      server.once('error', failed);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', failed);
        resolve();
      });
    });
    if (this.#closing) {
      await this.close();
      throw new BusClosedError();
    }
    // Such as no file descriptors being left for a connection; it goes on listening.
    server.on('error', (err) => this.#logger.error({ err }, 'the health server has a problem'));
    this.#logger.info({ ...this.address() }, 'the health server listens');
  }
}

/** The name is not shown: it is whatever the request says. */
function misdirected(response: ServerResponse): void {
  const error = 'this server does not answer for that host; healthHttp.allowedHosts lists further ones';
  const body = `${JSON.stringify({ error })}\n`;
  response.writeHead(421, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** What to do about the errors of `listen`. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'the port is in use; choose another healthHttp.port (0: any free one), or end what listens there',
  EACCES: 'this process may not use the port; choose a healthHttp.port above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address; correct healthHttp.host, or leave it out for all',
  ENOTFOUND: 'that host name is not known; correct healthHttp.host, or leave it out for all addresses',
};

function cannotListen(error: NodeJS.ErrnoException, { host, port }: HealthHttpConfig): ConfigError {
  const at = `${host === undefined ? 'port ' : `${isIPv6(host) ? `[${host}]` : host}:`}${port}`;
  const remedy =
    REMEDIES[error.code ?? ''] ?? `${error.message}; correct healthHttp.host and healthHttp.port`;
  return new ConfigError(`healthHttp cannot listen on ${at}: ${remedy}`, { cause: error });
}
