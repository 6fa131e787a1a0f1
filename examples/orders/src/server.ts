/** The HTTP server: the page, its live state, and the calls of its buttons. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isStep, OrderError, type Orders } from './orders.js';
import { page } from './page.js';

export interface PageParts {
  readonly orders: Orders;
  state(): Promise<object>;
  failHandler(): void;
  killRelay(): void;
  startRelay(): Promise<void>;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const LOOK_MS = 250;
const MAX_BODY = 10_000;

export async function servePage(parts: PageParts, port: number, host: string): Promise<PageServer> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answer(parts, streams, request, response).catch((error: unknown) => {
      const status = error instanceof OrderError ? error.status : 500;
      if (status === 500) console.error(error);
      json(response, status, {
        error: status === 500 ? 'it failed; the terminal says why' : (error as Error).message,
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

  let last = '';
  const look = async () => {
    if (streams.size === 0) return;
    const now = JSON.stringify(await parts.state());
    if (now === last) return;
    last = now;
    for (const stream of streams) stream.write(`data: ${now}\n\n`);
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch((error: unknown) => console.error(error));
  }, LOOK_MS);

  return {
    url: `http://${host === '0.0.0.0' ? 'localhost' : host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      clearInterval(timer);
      await looking;
      for (const stream of streams) stream.end();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(
  parts: PageParts,
  streams: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const route = `${request.method} ${pathname}`;
  if (route === 'GET /') {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
    });
    response.end(page);
    return;
  }
  if (route === 'GET /state') return json(response, 200, await parts.state());
  if (route === 'GET /live') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`data: ${JSON.stringify(await parts.state())}\n\n`);
    streams.add(response);
    response.on('close', () => streams.delete(response));
    return;
  }
  if (request.method !== 'POST') return json(response, 404, { error: `there is no ${route}` });
  const body = await readBody(request);
  if (pathname === '/orders') return json(response, 201, await parts.orders.place(totalOf(body)));
  const [, id = '', step = ''] = /^\/orders\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
  if (isStep(step)) return json(response, 200, await parts.orders.advance(decodeURIComponent(id), step));
  if (pathname === '/handler/fail') parts.failHandler();
  else if (pathname === '/relay/kill') parts.killRelay();
  else if (pathname === '/relay/start') await parts.startRelay();
  else return json(response, 404, { error: `there is no ${route}` });
  json(response, 200, {});
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BODY) throw new OrderError(422, 'the body is too long');
  }
  return text;
}

function totalOf(body: string): number {
  try {
    return Number((JSON.parse(body) as { total?: unknown } | null)?.total);
  } catch {
    throw new OrderError(422, 'the body must be JSON, as {"total": 42}');
  }
}
