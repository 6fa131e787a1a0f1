import { createServer } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '@ebus/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { healthHandler } from './health-handler.js';
import { listening } from './testing/listen.js';
import { hangs, keptLogger, reportOf, sourceOf } from './testing/sources.js';

const source = sourceOf(
  () => reportOf(),
  () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
);

describe('healthHandler', () => {
  it('is a listener of node:http', async () => {
    const url = await listening(createServer(healthHandler(source)));
    const health = await fetch(`${url}/health?verbose`);
    expect(health.status).toBe(200);
    expect(health.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
    expect(await health.json()).toMatchObject({ overall: 'healthy' });
    expect(await (await fetch(`${url}/metrics`)).text()).toBe('up 1\n');
    const post = await fetch(`${url}/health`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(url)).status).toBe(404);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const url = await listening(createServer(healthHandler(source)));
    for (const path of ['/health', '/metrics', '/livez', '/readyz', '/']) {
      const [head, get] = await Promise.all([fetch(url + path, { method: 'HEAD' }), fetch(url + path)]);
      expect(await head.text()).toBe('');
      expect(head.status).toBe(get.status);
      const names = ['content-type', 'content-length', 'cache-control'];
      const of = (response: Response) => names.map((name) => response.headers.get(name));
      expect(of(head)).toEqual(of(get));
    }
  });

  it('is a listener of node:http2', async () => {
    const server = createHttp2Server(healthHandler(source));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ':path': '/readyz' });
    const status = new Promise((resolve) =>
      stream.once('response', (headers) => resolve(headers[':status'])),
    );
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(await status).toBe(200);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ status: 'ready' });
  });

  it('has its paths behind a prefix', async () => {
    const url = await listening(createServer(healthHandler(source, { path: '/ops/' })));
    expect((await fetch(`${url}/ops/livez/`)).status).toBe(200);
    expect((await fetch(`${url}/livez`)).status).toBe(404);
  });

  it('leaves other paths to the next handler', async () => {
    const handler = healthHandler(source);
    const server = createServer((request, response) => {
      handler(request, response, () => response.writeHead(418).end());
    });
    const url = await listening(server);
    expect((await fetch(`${url}/coffee`)).status).toBe(418);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('answers many at once, each with its own', async () => {
    const url = await listening(createServer(healthHandler(source)));
    const paths = Array.from({ length: 300 }, (_, i) => ['/health', '/livez', '/readyz', '/none'][i % 4]);
    const statuses = await Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
    expect(statuses).toEqual(paths.map((path) => (path === '/none' ? 404 : 200)));
  });

  it('writes nothing to those who are gone', async () => {
    let release = () => {};
    const asked = vi.fn();
    const waiting = sourceOf(() => {
      asked();
      return new Promise((resolve) => {
        release = () => resolve(reportOf());
      });
    });
    const { logged, logger } = keptLogger();
    const handler = healthHandler(waiting, { logger });
    const gone = vi.fn();
    const written = vi.fn();
    const server = createServer((request, response) => {
      vi.spyOn(response, 'writeHead').mockImplementation(written);
      response.once('close', gone);
      handler(request, response);
    });
    const url = await listening(server);
    const leave = new AbortController();
    const left = fetch(`${url}/health`, { signal: leave.signal });
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    leave.abort();
    await expect(left).rejects.toThrow();
    await vi.waitFor(() => expect(gone).toHaveBeenCalled());
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).not.toHaveBeenCalled();
    expect(logged).toEqual([]);
  });

  it('ends a response that cannot be written, and says so', async () => {
    const { logged, logger } = keptLogger();
    const handler = healthHandler(source, { logger });
    const err = new Error('middleware is broken');
    const server = createServer((request, response) => {
      response.writeHead = () => {
        throw err;
      };
      handler(request, response);
    });
    await expect(fetch(`${await listening(server)}/livez`)).rejects.toThrow();
    expect(logged).toEqual([[{ err }, 'an answer of a health endpoint cannot be written']]);
  });

  it('cuts off what hangs', async () => {
    const url = await listening(createServer(healthHandler(sourceOf(hangs), { timeout: '20ms' })));
    expect((await fetch(`${url}/health`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('refuses options that it does not have', () => {
    expect(() => healthHandler(source, { prefix: '/ops' } as object)).toThrow(ConfigError);
    expect(() => healthHandler(source, { path: 'ops' })).toThrow(ConfigError);
    expect(() => healthHandler(source, { timeout: 'soon' as never })).toThrow();
  });
});

describe('healthHandler.fetch', () => {
  it('maps a Request to a Response', async () => {
    const { fetch: ask } = healthHandler(source, { path: '/ops' });
    const health = await ask(new Request('http://any.host/ops/health?x=1'));
    expect(health.status).toBe(200);
    expect(health.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await health.json()).toMatchObject({ overall: 'healthy' });
    const head = await ask(new Request('http://any.host/ops/metrics', { method: 'HEAD' }));
    expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, '5', null]);
    expect((await ask(new Request('http://any.host/ops/health', { method: 'PUT' }))).status).toBe(405);
    expect((await ask(new Request('http://any.host/health'))).status).toBe(404);
  });
});
