/** Streams that others made, with settings of their own: a bus changes nothing of them that was not written. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventBus, type Logger, TopicGovernance } from '@ebus/core';
import { sharedService } from '@ebus/services';
import { DiscardPolicy, type StreamConfig } from '@nats-io/jetstream';
import { afterEach, expect, it } from 'vitest';
import { type NatsConfig, nats } from './index.js';
import { Cleanup, eventually, type Plain, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('nats', { nodes: 3 });
const DAY_NS = 86_400e9;
/** Nothing of this is anybody's default. */
const CHOSEN = {
  max_age: 365 * DAY_NS,
  num_replicas: 3,
  max_bytes: 5e9,
  max_msgs: 1e7,
  max_msgs_per_subject: 1e6,
  max_msg_size: 100_000,
  max_consumers: 50,
  discard: DiscardPolicy.New,
  duplicate_window: 3_600e9,
  allow_direct: true,
  deny_delete: true,
  metadata: { owner: 'another team' },
};

function recorder() {
  const lines: { level: string; text: string }[] = [];
  const put =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push({ level, text: String(args.at(-1)) });
  const logger: Logger = { debug() {}, info: put('info'), warn: put('warn'), error: put('error') };
  return { lines, logger };
}

async function prepare() {
  const plain: Plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
  const service = uniqueName('shop').replaceAll('.', '-');
  const { lines, logger } = recorder();
  const bus = async (jetstream: NatsConfig['jetstream'] = {}) =>
    cleanup.add(
      await createEventBus(
        { type: 'nats', serviceName: service, nats: { urls: [...addresses], jetstream } },
        { plugins: [nats], logger },
      ),
      (one) => one.close(),
    );
  const configOf = async (name: string): Promise<StreamConfig> =>
    structuredClone((await plain.manager.streams.info(name)).config);
  return { plain, service, bus, configOf, lines };
}

it('a configured stream keeps every setting that the configuration does not name', async () => {
  const { plain, service, bus: aBus, configOf, lines } = await prepare();
  const subjects = [`${service}.>`];
  await plain.manager.streams.add({ name: service, subjects, ...CHOSEN });
  const before = await configOf(service);
  const stream = { name: service, subjects };

  const bus = await aBus({ stream });
  const topic = `${service}.orders`;
  await bus.topics.configure(topic, {});
  await bus.topics.apply({ [topic]: { persistence: 'persistent' } });
  await bus.topics.setPersistence(topic, true);
  const seen: string[] = [];
  await bus.subscribe(topic, (message) => void seen.push(message.text()));
  await bus.publish(topic, 'x');
  await eventually(() => seen.length === 1);
  await bus.connection.reconnect();
  expect(await configOf(service)).toEqual(before);
  expect(lines.filter(({ text }) => /changed/.test(text))).toEqual([]);

  const more = await aBus({ stream: { ...stream, maxAge: '30d', maxBytes: '10GB' } });
  expect(await configOf(service)).toEqual({ ...before, max_age: 30 * DAY_NS, max_bytes: 10 * 1024 ** 3 });
  expect(lines.filter(({ text }) => /changed/.test(text))).toEqual([
    {
      level: 'warn',
      text: `changed stream '${service}' on the broker: maxAge 365d → 30d, maxBytes 5000000000B → 10GB`,
    },
  ]);
  await more.close();
});

it('strategies that do not change say what differs of what was written', async () => {
  const { plain, service, bus: aBus, configOf, lines } = await prepare();
  const subjects = [`${service}.>`];
  await plain.manager.streams.add({ name: service, subjects, ...CHOSEN });
  const before = await configOf(service);
  const stream = { name: service, subjects, maxAge: '1d', storage: 'memory' } as const;
  await aBus({ stream, topicConfigStrategy: 'createOnly' });
  expect(await configOf(service)).toEqual(before);
  expect(lines).toContainEqual({ level: 'warn', text: 'the stream is not as configured, and stays so' });
});

it("a topic's own stream keeps every setting that was not written, whatever is called", async () => {
  const { plain, service, bus: aBus, configOf, lines } = await prepare();
  const topic = `${service}.audit`;
  const name = `${service}-audit`;
  await plain.manager.streams.add({ name, subjects: [topic], ...CHOSEN });
  const before = await configOf(name);
  const bus = await aBus();

  const seen: string[] = [];
  await bus.publish(topic, 'before it is configured');
  await bus.subscribe(topic, (message) => void seen.push(message.text()));
  await eventually(() => seen.length === 1);
  await bus.topics.configure(topic, {});
  await bus.topics.configure(topic, bus.topics.get(topic));
  await bus.topics.setPersistence(topic, true);
  await bus.topics.apply({ [topic]: { persistence: 'persistent' } });
  await bus.topics.setPersistence(topic, false);
  await bus.topics.setPersistence(topic, true);
  const governance = new TopicGovernance([{ pattern: '**', minReplicas: 3, maxRetention: '400d' }]);
  expect(await governance.enforce(bus, { fix: true })).toMatchObject({ violations: [], fixed: [] });
  const folder = await mkdtemp(join(tmpdir(), 'ebus-topics-'));
  cleanup.add(folder, (one) => rm(one, { recursive: true, force: true }));
  const file = join(folder, 'topics.json');
  await writeFile(file, JSON.stringify({ [topic]: { persistence: 'persistent' } }));
  await (await bus.topics.watch(file)).close();
  expect(await configOf(name)).toEqual(before);
  expect(lines.filter(({ text }) => /changed/.test(text))).toEqual([]);

  await bus.topics.configure(topic, { maxSize: '10GB' });
  expect(await configOf(name)).toEqual({ ...before, max_bytes: 10 * 1024 ** 3 });
  await bus.topics.configure(topic, { retention: '30d' });
  expect(await configOf(name)).toEqual({ ...before, max_bytes: 10 * 1024 ** 3, max_age: 30 * DAY_NS });
  const strict = new TopicGovernance([{ pattern: '**', maxRetention: '7d' }]);
  await strict.enforce(bus, { fix: true });
  expect(await configOf(name)).toEqual({ ...before, max_bytes: 10 * 1024 ** 3, max_age: 7 * DAY_NS });
  expect(lines.filter(({ text }) => /changed/.test(text))).toEqual([
    { level: 'info', text: `changed topic '${topic}' on the broker: maxSize 5000000000B → 10GB` },
    { level: 'warn', text: `changed topic '${topic}' on the broker: retention 365d → 30d` },
    { level: 'warn', text: `changed topic '${topic}' on the broker: retention 30d → 7d` },
  ]);
});

it('the replicas of nats.jetstream.stream are for streams of single topics, unless a topic says otherwise', async () => {
  const { service, bus: aBus, configOf } = await prepare();
  const bus = await aBus({ stream: { replicas: 3 } });
  const [three, one] = [`${service}.three`, `${service}.one`];
  await bus.topics.apply({ [three]: {}, [one]: { replicas: 1 } });
  const streamOf = (topic: string) => `STREAM_${topic.replaceAll('.', '_')}`;
  expect((await configOf(await findStream(three))).num_replicas).toBe(3);
  expect((await configOf(await findStream(one))).num_replicas).toBe(1);

  async function findStream(topic: string): Promise<string> {
    const { heldBy = streamOf(topic) } = (await bus.topics.describe(topic)) ?? {};
    return /'(.*)'/.exec(heldBy)?.[1] ?? heldBy;
  }
});

it('changes of a consumer that exists are logged', async () => {
  const { service, bus: aBus, lines } = await prepare();
  const topic = `${service}.orders`;
  const first = await aBus({ ackWait: '40s' });
  await (await first.subscribe(topic, () => {})).close();
  const second = await aBus({ ackWait: '10s' });
  await second.subscribe(topic, () => {});
  expect(lines.filter(({ text }) => /changed consumer/.test(text))).toMatchObject([
    { level: 'warn', text: expect.stringMatching(/: ackWait 40s → 10s$/) },
  ]);
});
