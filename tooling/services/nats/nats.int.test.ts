import { existsSync } from 'node:fs';
import { type NatsOptions, type Service, serviceProblem, startService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { natsClient } from '../testing/nats-client.js';

const servers = await Promise.all(
  ['current', '2.9'].map(async (version) => ({
    version,
    problem: await serviceProblem('nats', { version }),
  })),
);
const any = servers.find(({ problem }) => problem === undefined);
const note = (problem: string | undefined) => (problem === undefined ? '' : ` (skipped: ${problem})`);

const started: Service[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.close()));
});

async function start(options: NatsOptions = {}): Promise<Service> {
  const service = await startService('nats', {
    own: true,
    log: () => {},
    version: any?.version ?? 'current',
    ...options,
  });
  started.push(service);
  return service;
}

const stream = (replicas: number) => ({
  ...{ name: 'S', subjects: ['s.>'], storage: 'file', retention: 'limits', num_replicas: replicas },
});
const API = '$JS.API';

describe.each(servers)('nats $version', ({ version, problem }) => {
  describe.skipIf(problem !== undefined)(`on its own and in a cluster${note(problem)}`, () => {
    it('has JetStream as soon as it has started, and answers on its monitoring', async () => {
      const nats = await start({ version });
      using client = await natsClient(nats.addresses[0]!);
      expect(client.info).toMatchObject({ version: nats.version, jetstream: true });
      expect(await client.request(`${API}.STREAM.CREATE.S`, stream(1))).not.toHaveProperty('error');
      const jsz = await fetch(`${nats.monitoring[0]}/jsz`).then((response) => response.json());
      expect(jsz).toMatchObject({ streams: 1, api: { total: 1 } });
    });

    it.each(['kill', 'stop'] as const)('keeps its ports and files over %s and restart', async (how) => {
      const nats = await start({ version });
      {
        using client = await natsClient(nats.addresses[0]!);
        await client.request(`${API}.STREAM.CREATE.S`, stream(1));
        expect(await client.request('s.a', 'hello')).toMatchObject({ seq: 1 });
      }
      await nats[how]();
      await expect(natsClient(nats.addresses[0]!)).rejects.toThrow('ECONNREFUSED');
      await nats.restart();
      using client = await natsClient(nats.addresses[0]!);
      expect(await client.request(`${API}.STREAM.INFO.S`)).toMatchObject({ state: { messages: 1 } });
    });

    it('is a cluster whose JetStream takes replicated streams at once', { timeout: 60_000 }, async () => {
      const nats = await start({ version, nodes: 3 });
      expect(new Set(nats.addresses).size).toBe(3);
      using client = await natsClient(nats.addresses[0]!);
      expect(await client.request(`${API}.STREAM.CREATE.S`, stream(3))).not.toHaveProperty('error');
      await nats.kill(3);
      await expect(natsClient(nats.addresses[2]!)).rejects.toThrow('ECONNREFUSED');
      await nats.restart(3);
      using third = await natsClient(nats.addresses[2]!);
      expect(await third.request(`${API}.STREAM.INFO.S`)).toMatchObject({ state: { messages: 0 } });
    });
  });
});

describe.skipIf(any === undefined)(`any nats${note(servers[0]?.problem)}`, () => {
  it('takes what a test wants of its configuration', async () => {
    const nats = await start({
      jetstream: 'max_file: 64KB',
      config: 'max_payload: 2KB\nauthorization { include "users.conf" }',
      files: { 'users.conf': 'user: ada\npassword: secret\n' },
    });
    await expect(natsClient(nats.addresses[0]!)).rejects.toThrow('Authorization Violation');
    using client = await natsClient(nats.addresses[0]!, { user: 'ada', pass: 'secret' });
    expect(client.info).toMatchObject({ max_payload: 2048, auth_required: true });
    const tooMuch = { ...stream(1), max_bytes: 128 * 1024 };
    expect(await client.request(`${API}.STREAM.CREATE.S`, tooMuch)).toHaveProperty('error');
  });

  it('runs without JetStream', async () => {
    const nats = await start({ jetstream: false });
    using client = await natsClient(nats.addresses[0]!);
    expect(client.info.jetstream).toBeUndefined();
  });

  it('is frozen and goes on', async () => {
    const nats = await start();
    using client = await natsClient(nats.addresses[0]!);
    await nats.pause();
    const varz = fetch(`${nats.monitoring[0]}/varz`, { signal: AbortSignal.timeout(200) });
    await expect(varz).rejects.toHaveProperty('name', 'TimeoutError');
    const answer = client.request(`${API}.INFO`);
    await nats.resume();
    await expect(answer).resolves.toHaveProperty('limits');
  });

  it('starts alone what was part of a cluster', async () => {
    const nats = await start({ nodes: 3 });
    await Promise.all([1, 2, 3].map((node) => nats.kill(node)));
    await nats.restart(2);
    using client = await natsClient(nats.addresses[1]!);
    expect(client.info).toMatchObject({ version: nats.version });
    await expect(natsClient(nats.addresses[0]!)).rejects.toThrow('ECONNREFUSED');
  });

  it('shows what a server that does not start has to say', async () => {
    await expect(start({ config: 'nonsense {' })).rejects.toThrow(/did not start[\s\S]*nats\.conf|EOF/);
  });

  it('knows its nodes', async () => {
    const nats = await start();
    await expect(nats.kill(2)).rejects.toThrow('nats has no node 2');
    expect(await nats.log()).toContain('Server is ready');
  });

  it('removes its files when it is closed, and is closed only once', async () => {
    const nats = await start();
    const { folder } = nats;
    expect(existsSync(folder!)).toBe(true);
    await Promise.all([nats.close(), nats.close()]);
    expect(existsSync(folder!)).toBe(false);
    await expect(nats.restart()).rejects.toThrow('the service is closed');
  });
});
