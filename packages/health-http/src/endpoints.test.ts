import { systemClock } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { Endpoints, type HealthSource } from './endpoints.js';
import { hangs, keptLogger, reportOf, sourceOf, TIME } from './testing/sources.js';

const HEALTH_HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
};

function endpoints(bus: HealthSource, { prefix = '', timeout = 5_000 } = {}) {
  const { logged, logger } = keptLogger();
  const tested = new Endpoints(bus, { prefix, timeout, logger, clock: systemClock });
  const get = async (url: string, method = 'GET') => {
    const answer = await tested.answer(method, url);
    return { ...answer, json: answer.body === '' ? undefined : JSON.parse(answer.body) };
  };
  return { tested, get, logged };
}

const healthy = sourceOf(() => reportOf());
const unhealthy = sourceOf(() =>
  reportOf({
    status: 'unhealthy',
    ready: false,
    checks: [{ name: 'connection', status: 'unhealthy', reason: 'not connected yet' }],
  }),
);

describe('/health', () => {
  it.each(['/health', '/healthz'])('%s: 200 when healthy or degraded, 503 when not', async (url) => {
    const well = await endpoints(healthy).get(url);
    expect(well).toMatchObject({ status: 200, headers: HEALTH_HEADERS, json: { overall: 'healthy' } });
    const degraded = sourceOf(() => reportOf({ status: 'degraded' }));
    expect(await endpoints(degraded).get(url)).toMatchObject({ status: 200, json: { overall: 'degraded' } });
    const ill = await endpoints(unhealthy).get(url);
    expect(ill).toMatchObject({ status: 503, headers: HEALTH_HEADERS, json: { overall: 'unhealthy' } });
    expect(ill.json.details.checks[0].reason).toBe('not connected yet');
  });

  it('is cut off where the report hangs, and its signal aborts', async () => {
    let signal: AbortSignal | undefined;
    const bus: HealthSource = {
      health: {
        report: (options) => {
          signal = options?.signal;
          return hangs();
        },
      },
      exposeMetrics: hangs,
    };
    const { get, logged } = endpoints(bus, { timeout: 20 });
    const { status, json } = await get('/health');
    expect(status).toBe(503);
    expect(json).toMatchObject({
      overall: 'unhealthy',
      details: { checks: [{ name: 'report', reason: 'the health checks did not answer in time' }] },
    });
    expect(json.checkDuration).toBeGreaterThanOrEqual(19e6);
    expect(signal?.aborted).toBe(true);
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      json: { status: 'not ready', error: 'the health checks did not answer in time' },
    });
    expect(await get('/metrics')).toMatchObject({
      status: 503,
      json: { error: 'the metrics did not come in time' },
    });
    expect(logged).toEqual([]);
  });

  it('is 500 without internals when something unexpected happens, which is logged', async () => {
    for (const path of ['/health', '/readyz', '/metrics']) {
      const err = new Error('secret at db.internal');
      const fails = () => {
        throw err;
      };
      const { get, logged } = endpoints({ health: { report: fails }, exposeMetrics: fails });
      expect(await get(path)).toMatchObject({ status: 500, json: { error: 'internal error' } });
      expect(logged).toMatchObject([[{ err }, 'a health endpoint failed']]);
    }
  });
});

describe('/livez', () => {
  it.each(['/livez', '/alive'])('%s: 200 without asking anything', async (url) => {
    const bus: HealthSource = { health: { report: hangs }, exposeMetrics: hangs };
    const { status, headers, json } = await endpoints(bus).get(url);
    expect({ status, headers }).toMatchObject({ status: 200, headers: HEALTH_HEADERS });
    expect(json).toEqual({ status: 'alive', timestamp: expect.stringMatching(/^\d{4}-.*T.*Z$/) });
  });
});

describe('/readyz', () => {
  it.each(['/readyz', '/ready'])('%s: 200 when ready, 503 with the reasons when not', async (url) => {
    const well = await endpoints(healthy).get(url);
    expect(well).toMatchObject({ status: 200, headers: HEALTH_HEADERS });
    expect(well.json).toEqual({ status: 'ready', timestamp: TIME.toISOString() });
    const ill = await endpoints(unhealthy).get(url);
    expect(ill).toMatchObject({ status: 503, headers: HEALTH_HEADERS });
    expect(ill.json).toEqual({
      status: 'not ready',
      error: 'connection: not connected yet',
      timestamp: expect.any(String),
    });
  });

  it('is 503 while the bus drains, however healthy it is', async () => {
    const draining = sourceOf(() => reportOf({ ready: false, draining: true }));
    const { status, json } = await endpoints(draining).get('/readyz');
    expect(status).toBe(503);
    expect(json.error).toBe('the service is shutting down');
    expect((await endpoints(draining).get('/health')).status).toBe(200);
  });
});

describe('/metrics', () => {
  it("gives the collector's text with its type", async () => {
    const contentType = 'text/plain; version=0.0.4; charset=utf-8';
    const bus = sourceOf(reportOf, () => ({ contentType, body: 'up 1\n' }));
    const { tested } = endpoints(bus);
    expect(await tested.answer('GET', '/metrics')).toMatchObject({
      status: 200,
      headers: { 'Content-Type': contentType, 'Content-Length': '5', 'Cache-Control': expect.any(String) },
      body: 'up 1\n',
    });
  });

  it('is 404 without a collector, and says what to do', async () => {
    const { status, json } = await endpoints(healthy).get('/metrics');
    expect(status).toBe(404);
    expect(json.error).toContain('@ebus/prometheus');
  });

  it('is 500 where the collector names a type that no header can carry', async () => {
    const bus = sourceOf(reportOf, () => ({ contentType: 'text/plain\r\nSet-Cookie: a=b', body: '' }));
    expect((await endpoints(bus).get('/metrics')).status).toBe(500);
  });
});

describe('methods and paths', () => {
  it('HEAD has the headers of GET, and no body', async () => {
    const bus = sourceOf(
      () => reportOf(),
      () => ({ contentType: 'text/plain', body: 'größe 1\n' }),
    );
    const { tested } = endpoints(bus);
    for (const url of ['/health', '/readyz', '/livez', '/metrics', '/nothing']) {
      const got = await tested.answer('GET', url);
      const head = await tested.answer('HEAD', url);
      expect(head, url).toEqual({ ...got, body: '' });
      expect(Number(got.headers['Content-Length'])).toBe(Buffer.byteLength(got.body));
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'BREW'])(
    '%s is 405 with Allow',
    async (method) => {
      const answer = await endpoints(healthy).get('/health', method);
      expect(answer).toMatchObject({ status: 405, headers: { ...HEALTH_HEADERS, Allow: 'GET, HEAD' } });
      expect(answer.json).toEqual({ error: 'only GET and HEAD are allowed' });
    },
  );

  it('unknown paths are 404, in JSON, whatever the method', async () => {
    for (const method of ['GET', 'POST']) {
      expect(await endpoints(healthy).get('/', method)).toMatchObject({
        status: 404,
        headers: HEALTH_HEADERS,
      });
    }
  });

  it('knows its paths behind a prefix', async () => {
    const { tested, get } = endpoints(healthy, { prefix: '/ops' });
    expect((await get('/ops/health/?x=1')).status).toBe(200);
    expect((await get('/health')).status).toBe(404);
    expect([tested.has('/ops/livez'), tested.has('/livez')]).toEqual([true, false]);
  });
});
