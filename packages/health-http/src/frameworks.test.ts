/** The ways into other servers that the README shows, over real sockets. */
import { createServer, type Server } from 'node:http';
import { serve } from '@hono/node-server';
import express from 'express';
// @ts-expect-error It has no types of its own; what is used of it is what Express 5 has.
import express4 from 'express4';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { healthHandler } from './health-handler.js';
import { listening } from './testing/listen.js';
import { reportOf, sourceOf } from './testing/sources.js';

const source = sourceOf(() => reportOf({ status: 'unhealthy', ready: false }));

/** What every way in must do; `other` is a path of the application's own. */
async function expectEndpoints(url: string, other: string): Promise<void> {
  const health = await fetch(`${url}/health`);
  expect(health.status).toBe(503);
  expect(health.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
  expect(await health.json()).toMatchObject({ overall: 'unhealthy' });
  const live = await fetch(`${url}/livez?probe=1`, { method: 'HEAD' });
  expect([live.status, await live.text()]).toEqual([200, '']);
  expect(Number(live.headers.get('content-length'))).toBeGreaterThan(0);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  const post = await fetch(`${url}/readyz`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(await (await fetch(other)).text()).toBe("the application's");
}

const expresses: [name: string, make: typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
];

describe.each(expresses)('%s', (_name, make) => {
  it('takes the handler as middleware', async () => {
    const app = make();
    app.use(healthHandler(source));
    app.get('/orders', (_request, response) => void response.send("the application's"));
    const url = await listening(createServer(app));
    await expectEndpoints(url, `${url}/orders`);
  });

  it('takes it at a path, and behind a body parser', async () => {
    const app = make();
    app.use(make.json());
    app.use('/ops', healthHandler(source));
    app.get('/ops/orders', (_request, response) => void response.send("the application's"));
    const url = await listening(createServer(app));
    await expectEndpoints(`${url}/ops`, `${url}/ops/orders`);
    expect((await fetch(`${url}/health`)).status).toBe(404);
  });
});

describe('Fastify', () => {
  it('takes the handler in a route, with the reply handed over', async () => {
    const app = Fastify();
    const health = healthHandler(source, { path: '/ops' });
    app.all('/ops/*', (request, reply) => {
      reply.hijack();
      health(request.raw, reply.raw);
    });
    app.get('/ops/orders', () => "the application's");
    onTestFinished(() => app.close());
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    await expectEndpoints(`${url}/ops`, `${url}/ops/orders`);
    expect((await fetch(`${url}/ops/unknown`)).status).toBe(404);
  });
});

describe('Hono', () => {
  const serving = (app: Hono) =>
    listening(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server);

  it('takes handler.fetch in a route', async () => {
    const app = new Hono();
    const health = healthHandler(source, { path: '/ops' });
    app.get('/ops/orders', (context) => context.text("the application's"));
    app.all('/ops/*', (context) => health.fetch(context.req.raw));
    const url = await serving(app);
    await expectEndpoints(`${url}/ops`, `${url}/ops/orders`);
  });

  it('takes it mounted, which takes the prefix away', async () => {
    const app = new Hono();
    app.get('/orders', (context) => context.text("the application's"));
    app.mount('/ops', healthHandler(source).fetch);
    const url = await serving(app);
    await expectEndpoints(`${url}/ops`, `${url}/orders`);
  });
});
