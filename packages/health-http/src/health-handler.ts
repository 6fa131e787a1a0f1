/** The endpoints as a handler for Node's HTTP server, Express and Fastify, and for fetch-style servers. */
import { type Clock, type Duration, type Logger, parseDuration, systemClock } from '@ebus/core';
import { checkOptions, kinds, optionTable } from '@ebus/core/driver';
import { Endpoints, type HealthSource } from './endpoints.js';
import { toPrefix } from './route.js';

/** Options of `healthHandler`; all are optional. Unknown keys are refused with a `ConfigError`. */
export interface HealthHandlerOptions {
  /** The prefix of the endpoints' paths: with `/ops`, `/ops/health`. Default: none. */
  path?: string;
  /**
   * How long a look at the bus may take before the answer is 503. Default 6 s: each of its checks has 5 s, so that the
   * answer still says which of them hangs.
   */
  timeout?: Duration;
  /** `probes`: all but `/metrics`. `metrics`: nothing else. For two servers, one of each. Default: all. */
  serve?: 'all' | 'probes' | 'metrics';
  /** Where unexpected errors go. Default: the console. */
  logger?: Logger;
  /** Of the timeout, and of the times in answers. Default: the machine's. */
  clock?: Clock;
}

/**
 * The parts of a request that are read; those of `node:http` and `node:http2`, Express and Fastify (`request.raw`)
 * fit.
 */
export interface RequestLike {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/**
 * The parts of a response that are used; those of `node:http` and `node:http2`, Express and Fastify (`reply.raw`)
 * fit.
 */
export interface ResponseLike {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
  destroy(): unknown;
}

/** A handler of requests for the endpoints. Errors while answering are logged and answered by 500, never thrown. */
export interface HealthHandler {
  /** Paths that are not its own go to `next`; without one they are answered by 404. The body is not read. */
  (request: RequestLike, response: ResponseLike, next?: () => void): void;
  /** The same for servers that map a `Request` to a `Response`, such as Hono. Never rejects. */
  fetch(request: Request): Promise<Response>;
}

const OPTIONS = optionTable<HealthHandlerOptions>({
  path: kinds.text,
  timeout: kinds.positiveDuration,
  serve: kinds.oneOf('all', 'probes', 'metrics'),
  logger: kinds.logger,
  clock: kinds.clock,
});
const DEFAULT_TIMEOUT = '6s';

/**
 * `/health` (`/healthz`), `/livez` (`/alive`), `/readyz` (`/ready`) and `/metrics` of a bus. May be used by several
 * servers, and called concurrently: requests at the same time share one look at the bus.
 * @throws ConfigError for options that it does not understand
 */
export function healthHandler(bus: HealthSource, options: HealthHandlerOptions = {}): HealthHandler {
  const { endpoints, logger } = partsOf(bus, options);
  const handle = (request: RequestLike, response: ResponseLike, next?: () => void): void => {
    const { method = 'GET', url = '/' } = request;
    if (next !== undefined && !endpoints.has(url)) next();
    else respond(endpoints, method, url, response).catch((err) => cannotWrite(err, response, logger));
  };
  return Object.assign(handle, {
    fetch: async ({ method, url }: Request) => {
      const { status, headers, body } = await endpoints.answer(method, url);
      return new Response(body === '' ? null : body, { status, headers });
    },
  });
}

function partsOf(bus: HealthSource, options: HealthHandlerOptions) {
  checkOptions('healthHandler', options, OPTIONS);
  const { path, timeout = DEFAULT_TIMEOUT, serve = 'all', logger = console, clock = systemClock } = options;
  const endpoints = new Endpoints(bus, {
    prefix: toPrefix(path),
    serve,
    timeout: parseDuration(timeout),
    clock,
    logger,
  });
  return { endpoints, logger };
}

async function respond(
  endpoints: Endpoints,
  method: string,
  url: string,
  response: ResponseLike,
): Promise<void> {
  const { status, headers, body } = await endpoints.answer(method, url);
  // Whoever asked may be gone, and a timeout of the server may have answered.
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { ...headers });
  response.end(body);
}

/** Middleware around a response may throw. */
function cannotWrite(err: unknown, response: ResponseLike, logger: Logger): void {
  logger.error({ err }, 'an answer of a health endpoint cannot be written');
  response.destroy();
}
