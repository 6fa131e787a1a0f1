/** Every key of the `nats` section is read by something: one that somebody adds and nobody reads fails here. */
import { recordReads, settingsOf } from '@ebus/conformance';
import { createEventBus } from '@ebus/core';
import { definePlugin } from '@ebus/core/driver';
import { type Service, startService } from '@ebus/services';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionOptions } from './client-config.js';
import { natsConfigSchema } from './config-schema.js';
import { nats } from './index.js';
import { uniqueName } from './testing/harness.js';

/** Keys whose only value is what happens anyway; every other value is refused. */
const ONE_VALUE = ['jetstream.stream.retention'];

let server: Service;
beforeAll(async () => {
  server = await startService('nats');
});
afterAll(() => server.close());

it('is read by a bus that subscribes and publishes, or by what makes the login', async () => {
  const read = new Set<string>();
  const recording = definePlugin({
    ...nats,
    create: (config, context) => {
      const recorded = recordReads(config);
      const driver = nats.create(recorded.config, context);
      reads.push(recorded.read);
      return driver;
    },
  });
  const reads: ReadonlySet<string>[] = [];
  const name = uniqueName('stream');
  const [topic, other] = [`${name}.orders`, `${name}.bills`] as const;
  const stream = { name, subjects: [`${name}.>`], storage: 'memory' } as const;
  const bus = await createEventBus(
    {
      type: 'nats',
      serviceName: name,
      topics: { [topic]: {}, [other]: {} },
      nats: { urls: [...server.addresses], jetstream: { stream, consumer: { topics: [topic] } } },
    },
    { plugins: [recording] },
  );
  await bus.subscribe(topic, () => {});
  await bus.subscribe(other, () => {});
  await bus.publish(topic, 'a');
  await bus.idle();
  await bus.close();

  for (const login of [{ token: 'x' }, { username: 'x', password: 'y' }]) {
    const resolved = natsConfigSchema.parse({
      urls: ['nats://127.0.0.1:1'],
      security: { enabled: true, ...login },
    });
    const recorded = recordReads(resolved);
    connectionOptions(recorded.config, 'orders', { debug() {}, info() {}, warn() {}, error() {} });
    reads.push(recorded.read);
  }
  for (const some of reads) for (const path of some) read.add(path);
  expect(settingsOf(natsConfigSchema).filter((path) => !read.has(path))).toEqual(ONE_VALUE);
  for (const path of ONE_VALUE) {
    for (const value of ['another', 3]) {
      const config = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      const result = natsConfigSchema.safeParse({ urls: ['nats://127.0.0.1:1'], ...(config as object) });
      expect(result.success, path).toBe(false);
    }
  }
});
