import { Agent, get, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { BusClosedError, ConfigError, PluginError, systemClock } from '@ebus/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HealthSource } from './endpoints.js';
import { healthHandler } from './health-handler.js';
import type { HealthHttpConfig } from './health-http-config.js';
import { HealthServer } from './health-server.js';
import { hangs, keptLogger, reportOf, sourceOf } from './testing/sources.js';

const source = sourceOf(() => reportOf());

function serverOf(config: Partial<HealthHttpConfig> = {}, bus: HealthSource = source) {
  const { logged, logger } = keptLogger();
  const whole = { port: 0, host: '127.0.0.1', ...config };
  const info = vi.spyOn(logger, 'info');
  const handler = healthHandler(bus, { path: whole.path ?? '', logger });
  const server = new HealthServer(handler, whole, { logger, clock: systemClock });
  onTestFinished(() => server.close());
  return { server, logged, info };
}

/** What comes back for bytes on a connection, until the server ends it. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (data) => {
      got += data.toString();
    });
    socket.on('error', reject).on('close', () => resolve(got));
  });
}

describe('the address', () => {
  it('is known while it listens, and logged', async () => {
    const { server, info } = serverOf({ path: '/ops/' });
    expect(() => server.address()).toThrow(PluginError);
    await server.start();
    const address = server.address();
    expect(address).toEqual({
      host: '127.0.0.1',
      port: expect.any(Number),
      url: `http://127.0.0.1:${address.port}/ops`,
    });
    expect(info).toHaveBeenCalledWith(address, 'the health server listens');
    expect((await fetch(`${address.url}/livez`)).status).toBe(200);
    await server.close();
    expect(() => server.address()).toThrow(PluginError);
  });

  it('is every address of the machine unless a host is given', async () => {
    const { logger } = keptLogger();
    const server = new HealthServer(healthHandler(source), { port: 0 }, { logger, clock: systemClock });
    onTestFinished(() => server.close());
    await server.start();
    const { host, url } = server.address();
    expect(['::', '0.0.0.0']).toContain(host);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});

describe('what it cannot listen at', () => {
  it('says that a port is in use, and where', async () => {
    const first = serverOf();
    await first.server.start();
    const { port } = first.server.address();
    const { server } = serverOf({ port });
    const failed = server.start();
    await expect(failed).rejects.toThrow(
      `healthHttp cannot listen on 127.0.0.1:${port}: the port is in use; choose another healthHttp.port`,
    );
    await expect(failed).rejects.toSatisfy((error) => ConfigError.isInstance(error));
    await expect(failed).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } });

    // Once it is free, the same server can be started.
    await first.server.close();
    await server.start();
    expect(server.address().port).toBe(port);
  });

  it('says that a host is not of this machine', async () => {
    const { server } = serverOf({ host: '192.0.2.1' });
    await expect(server.start()).rejects.toThrow(/cannot listen on 192\.0\.2\.1:0: .*healthHttp\.host/);
    await server.close();
  });
});

describe('its life', () => {
  it('starts once however often it is asked to, and not once it has closed', async () => {
    const { server } = serverOf();
    await Promise.all([server.start(), server.start()]);
    const { port } = server.address();
    await server.start();
    expect(server.address().port).toBe(port);
    await server.close();
    await server.close();
    await expect(server.start()).rejects.toSatisfy((error) => BusClosedError.isInstance(error));
  });

  it('closes without having been started', async () => {
    await serverOf().server.close();
  });

  it('does not listen when it is closed while it starts', async () => {
    const { server } = serverOf();
    const started = server.start();
    await server.close();
    await expect(started).rejects.toSatisfy((error) => BusClosedError.isInstance(error));
    expect(() => server.address()).toThrow(PluginError);
  });

  it('ends connections that are kept alive', async () => {
    const { server } = serverOf();
    await server.start();
    const { url } = server.address();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await new Promise<void>((resolve, reject) => {
      get(`${url}/livez`, { agent }, (response) => {
        expect(response.headers.connection).toBe('keep-alive');
        response.resume().once('end', resolve);
      }).once('error', reject);
    });
    await vi.waitFor(() => expect(Object.values(agent.freeSockets).flat()).toHaveLength(1));
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(900);
  });

  it('asks clients not to keep connections once the bus closes', async () => {
    const { server } = serverOf();
    await server.start();
    server.closing();
    const response = await fetch(`${server.address().url}/livez`);
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
  });

  it('closes within about a second however busy or silent its clients are', async () => {
    const asked = vi.fn(hangs);
    const { server } = serverOf({}, sourceOf(asked));
    await server.start();
    const { url, port } = server.address();
    const busy = expect(fetch(`${url}/health`)).rejects.toThrow();
    const silent = connect(port, '127.0.0.1').on('error', () => {});
    const ended = new Promise((resolve) => silent.once('close', resolve));
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(3_000);
    await Promise.all([busy, ended]);
  });

  it('lets an answer that is being made go out when it closes', async () => {
    let release = () => {};
    const asked = vi.fn(
      () =>
        new Promise<ReturnType<typeof reportOf>>((resolve) => {
          release = () => resolve(reportOf());
        }),
    );
    const { server } = serverOf({}, sourceOf(asked));
    await server.start();
    const answer = fetch(`${server.address().url}/health`);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    const began = performance.now();
    const closed = server.close();
    release();
    expect(await (await answer).json()).toMatchObject({ overall: 'healthy' });
    await closed;
    expect(performance.now() - began).toBeLessThan(900);
  });
});

describe('its bounds', () => {
  it('does not read bodies', async () => {
    const { server } = serverOf();
    await server.start();
    const { port } = server.address();
    // None of the body ever comes: the answer does not wait for it, and the connection ends.
    const head = 'Host: x\r\nContent-Length: 1000000\r\n';
    const posted = await raw(port, `POST /health HTTP/1.1\r\n${head}\r\n`);
    expect(posted).toMatch(/^HTTP\/1\.1 405 [\s\S]*Connection: close/);
    const chunked = 'Host: x\r\nTransfer-Encoding: chunked\r\n';
    expect(await raw(port, `GET /livez HTTP/1.1\r\n${chunked}\r\n`)).toMatch(/ 200 [\s\S]*Connection: close/);
    const expecting = await raw(port, `GET /livez HTTP/1.1\r\n${head}Expect: 100-continue\r\n\r\n`);
    expect(expecting).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('refuses what is not HTTP, and goes on', async () => {
    const { server, logged } = serverOf();
    await server.start();
    const { port, url } = server.address();
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(port, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(logged).toEqual([]);
  });

  it('answers an upgrade as any other request', async () => {
    const { server } = serverOf();
    await server.start();
    const status = await new Promise((resolve, reject) => {
      const headers = { Connection: 'Upgrade', Upgrade: 'websocket' };
      request(`${server.address().url}/nothing`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });
});

describe('a host that opens many connections', () => {
  /** Connections that are open until the test ends; each writes the same. */
  async function open(port: number, count: number, text = ''): Promise<Socket[]> {
    const sockets = await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<Socket>((resolve) => {
            const socket = connect(port, '127.0.0.1', () => resolve(socket));
            if (text !== '') socket.write(text);
            socket.on('error', () => {});
          }),
      ),
    );
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    return sockets;
  }

  it.each([
    ['say nothing', ''],
    ['send a request bit by bit', 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
    ['are kept alive after a request', 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ])('takes /livez from nobody, where they %s', async (_, text) => {
    const { server } = serverOf();
    await server.start();
    const { port, url } = server.address();
    for (let round = 0; round < 4; round++) {
      await open(port, 100, text);
      const response = await fetch(`${url}/livez`, { headers: { connection: 'close' } });
      expect(response.status).toBe(200);
    }
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('the Host of a request', () => {
  const answerTo = async (port: number, host: string) => {
    const text = await raw(port, `GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return text.slice(0, text.indexOf('\r\n'));
  };

  it('must be an address, a private name, or one that is configured', async () => {
    const { server } = serverOf({ allowedHosts: ['health.example.com'] });
    await server.start();
    const { port } = server.address();
    expect(await answerTo(port, `127.0.0.1:${port}`)).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(port, 'orders.shop.svc:8080')).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(port, 'health.example.com')).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(port, 'rebound.evil.example')).toBe('HTTP/1.1 421 Misdirected Request');
  });
});

it('has no content type guessed', async () => {
  const { server } = serverOf();
  await server.start();
  for (const path of ['/livez', '/health', '/nothing']) {
    const response = await fetch(`${server.address().url}${path}`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  }
});
