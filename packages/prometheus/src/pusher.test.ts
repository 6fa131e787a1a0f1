/** Against a small HTTP server that stands for a Pushgateway. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { Registry, register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import { PrometheusMetricsCollector } from './collector.js';
import { prometheus } from './plugin.js';
import type { PushOptions } from './pusher.js';
import { samplesOf } from './testing/exposition.js';

interface Pushed {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

let server: Server;
let pushed: Pushed[];
let logged: [level: string, fields: Record<string, unknown>, text: string][];
/** What the gateway does with a push. */
let answer: (response: ServerResponse) => void;

const ok = (response: ServerResponse) => void response.writeHead(202).end();
const level = (name: string) => (fields: unknown, text: unknown) =>
  void logged.push([name, fields as Record<string, unknown>, String(text)]);
const logger = { debug() {}, info: level('info'), warn: level('warn'), error: level('error') };

const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;

function collector(push: Partial<PushOptions> = {}) {
  const options = { endpoint: `http://${address()}`, interval: 5, instance: 'here', logger, ...push };
  return new PrometheusMetricsCollector({ register: new Registry(), push: options });
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  pushed.push({ method, path: url, authorization: headers.authorization, body });
  answer(response);
}

const whenPushed = (times: number) => vi.waitFor(() => expect(pushed.length).toBeGreaterThanOrEqual(times));

beforeEach(async () => {
  pushed = [];
  logged = [];
  answer = ok;
  server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  register.clear();
  server.closeAllConnections();
  server.close();
});

describe('pushing', () => {
  it('replaces what this process pushed before, every interval and once more at the end', async () => {
    const metrics = collector({ job: 'billing', instance: 'host:1' });
    metrics.recordConnection(true);
    metrics.recordPublish('orders', true, 0.1);
    await whenPushed(2);
    expect(pushed[0]).toMatchObject({ method: 'PUT', path: '/metrics/job/billing/instance/host%3A1' });
    expect(samplesOf(pushed[0]!.body).get('ebus_eventbus_publish_total{topic="orders"}')).toBe(1);
    metrics.recordPublish('orders', true, 0.1);
    await metrics.close();
    const samples = samplesOf(pushed.at(-1)!.body);
    expect(samples.get('ebus_eventbus_publish_total{topic="orders"}')).toBe(2);
    // Closed is not disconnected: nobody shall be woken for it.
    expect(samples.has('ebus_eventbus_connected')).toBe(false);
    expect(logged).toEqual([]);
  });

  it('is done one after the other, and ends with the collector', async () => {
    const open = new Set<ServerResponse>();
    answer = (response) => void open.add(response);
    const clock = new ManualClock();
    const metrics = collector({ interval: '1s', clock });
    await clock.advance(999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await whenPushed(1);
    // While it is under way, no other one is due.
    await clock.advance(1_000);
    expect(pushed).toHaveLength(1);
    answer = ok;
    const timers = vi.spyOn(clock, 'setTimeout');
    for (const response of open) ok(response);
    await vi.waitFor(() => expect(timers).toHaveBeenLastCalledWith(expect.anything(), 1_000));
    open.clear();
    answer = (response) => void open.add(response);
    await clock.advance(1_000);
    await whenPushed(2);
    const closed = metrics.close();
    answer = ok;
    // Whatever close() had sent by now would be there before this one.
    await fetch(`http://${address()}/another`);
    expect(pushed.map(({ path }) => path?.split('/')[1])).toEqual(['metrics', 'metrics', 'another']);
    for (const response of open) ok(response);
    await closed;
    expect(pushed).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it('does not keep the process alive', async () => {
    const clock = new ManualClock();
    const unref = vi.fn();
    vi.spyOn(clock, 'setTimeout').mockReturnValue({ unref });
    await collector({ clock }).close();
    expect(unref).toHaveBeenCalledOnce();
  });

  it('says once that it fails, once that it works again, and never throws', async () => {
    answer = (response) => void response.writeHead(500).end('disk full');
    const metrics = collector();
    await whenPushed(3);
    answer = ok;
    await vi.waitFor(() => expect(logged).toHaveLength(2));
    answer = (response) => void response.writeHead(503).end('x'.repeat(10_000));
    await vi.waitFor(() => expect(logged).toHaveLength(3));
    await metrics.close();
    const endpoint = `http://${address()}`;
    expect(logged[0]).toEqual([
      'warn',
      { endpoint, err: expect.objectContaining({ message: 'push failed with status 500, disk full' }) },
      'cannot push metrics; trying again',
    ]);
    expect(logged[1]).toEqual(['info', { endpoint, failed: expect.any(Number) }, 'metrics are pushed again']);
    expect(logged[1]![1].failed).toBeGreaterThanOrEqual(3);
    expect((logged[2]![1].err as Error).message).toHaveLength(200);
  });

  it('goes on after a gateway that is not there, or cuts its answer off', async () => {
    const gone = collector({ endpoint: 'http://127.0.0.1:1' });
    await vi.waitFor(() => expect(logged).toHaveLength(1));
    expect((logged[0]![1].err as Error).message).toContain('ECONNREFUSED');
    await gone.close();

    answer = (response) => {
      response.writeHead(202, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    logged = [];
    const metrics = collector({ timeout: 50 });
    await whenPushed(2);
    answer = ok;
    await metrics.close();
    expect((logged[0]![1].err as Error).message).toBe('no answer within 50 ms');
  });

  it('sends the login of the URL, and shows it nowhere', async () => {
    answer = (response) => void response.writeHead(401).end('who are you?');
    const metrics = collector({ endpoint: `http://me:p%40ss%3Aword@${address()}/behind/` });
    await whenPushed(1);
    await metrics.close();
    expect(pushed[0]).toMatchObject({
      path: '/behind/metrics/job/ebus/instance/here',
      authorization: `Basic ${Buffer.from('me:p@ss:word').toString('base64')}`,
    });
    const shown = JSON.stringify(logged) + logged.map(([, fields]) => String(fields.err)).join();
    expect(shown).toContain(`http://${address()}/behind`);
    expect(shown).not.toMatch(/ss(%3A|:)word|me:/);
  });

  it.each(['', 'pushgateway:9091', 'ftp://me:hunter2@gate', 'http://me:hunter2@gate:99999'])(
    'refuses the endpoint %j without repeating it',
    (endpoint) => {
      const register = new Registry();
      const wrong = () => new PrometheusMetricsCollector({ register, push: { endpoint } });
      expect(wrong).toThrow("must be the URL of a Pushgateway, such as 'http://pushgateway:9091'");
      expect(wrong).not.toThrow('hunter2');
      expect(register.getMetricsAsArray()).toEqual([]);
    },
  );

  it.each([0, -1, 'soon'])('refuses the interval %j', (interval) => {
    expect(() => collector({ interval: interval as number })).toThrow(/interval/);
  });
});

it('is configured by exportEndpoint and collectInterval, and named after the service and the process', async () => {
  const bus = await createEventBus(
    {
      type: 'memory',
      serviceName: 'billing',
      metrics: { enabled: true, exportEndpoint: `http://${address()}`, collectInterval: '5ms' },
    },
    { plugins: [memory, prometheus], logger },
  );
  await bus.publish('orders', 'a');
  await whenPushed(2);
  await bus.publish('orders', 'b');
  await bus.close();
  const instance = encodeURIComponent(`${hostname()}:${process.pid}`);
  expect(pushed[0]?.path).toBe(`/metrics/job/billing/instance/${instance}`);
  expect(samplesOf(pushed.at(-1)!.body).get('ebus_eventbus_publish_total{topic="orders"}')).toBe(2);
  expect(logged.filter(([level]) => level !== 'info')).toEqual([]);
});
