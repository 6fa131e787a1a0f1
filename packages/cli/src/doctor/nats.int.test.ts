/** The doctor on real NATS servers: deliberate misconfigurations, each of which is found, and a sound bus. */
import { createEventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { sharedService, startService } from '@ebus/services';
import {
  AckPolicy,
  type ConsumerConfig,
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { type ConnectionOptions, connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { Workshop } from '../testing/recorded-io.js';
import { expectSound } from '../testing/sound-bus.js';
import type { Finding } from './finding.js';

const NANOS = 1_000_000;
const HOUR = 3_600_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const TIMEOUT = { timeout: 120_000 };

/** Streams that break a promise, by the finding. */
const STREAMS: Readonly<Record<string, Partial<StreamConfig>>> = {
  'not-acknowledged': { no_ack: true },
  'memory-storage': { storage: StorageType.Memory },
  'per-subject-limit': { max_msgs_per_subject: 1 },
  'retention-kind': { retention: RetentionPolicy.Interest },
  'discards-new': { discard: DiscardPolicy.New, max_msgs: 10 },
  'size-limit': { max_msgs: 1_000 },
  'short-retention': { max_age: HOUR * NANOS },
  'dedupe-window': { duplicate_window: 100 * NANOS },
  'message-limit': { max_msg_size: 1_000 },
  'acknowledged-early': { persist_mode: 'async' as never },
  'not-writable': { sealed: true },
};

/** Consumers that break a group, by the finding. */
const CONSUMERS: Readonly<Record<string, Partial<ConsumerConfig>>> = {
  'consumer-gives-up': { max_deliver: 3 },
  'consumer-acknowledges': { ack_policy: AckPolicy.None },
  'consumer-headers-only': { headers_only: true },
  'consumer-forgotten': { inactive_threshold: HOUR * NANOS },
  'consumer-in-memory': { mem_storage: true },
  'consumer-limits': { max_ack_pending: 1, ack_wait: 1_000 * NANOS },
  'consumer-paused': { pause_until: new Date(Date.UTC(2100, 0)).toISOString() },
  'consumer-pushes': { deliver_subject: 'pushed.there' },
};

async function managed<T>(
  urls: readonly string[],
  work: (manager: JetStreamManager) => Promise<T>,
  login: ConnectionOptions = {},
): Promise<T> {
  const connection = await connect({ ...login, servers: urls.map((url) => url.replace('nats://', '')) });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

const streamOf = (topic: string) => topic.replaceAll('.', '_');

/** What is said of each topic. */
function codesBy(found: readonly Finding[]): Map<string, string[]> {
  const by = new Map<string, string[]>();
  for (const { about, code } of found) {
    const [topic = ''] = about.split(' / ');
    by.set(topic, [...(by.get(topic) ?? []), code]);
  }
  return by;
}

describe('the doctor on NATS', () => {
  it('finds each setting of a stream and of a consumer that breaks a promise', TIMEOUT, async () => {
    const { addresses: urls } = await sharedService('nats', { version: 'current' });
    // Letters alone, so that ebus names the consumers by them.
    const prefix = uniqueName('ill').replaceAll('-', '');
    const topicOf = (code: string) => `${prefix}.${code.replaceAll('-', '')}`;
    const all: typeof STREAMS = {
      ...STREAMS,
      ...Object.fromEntries(Object.keys(CONSUMERS).map((code) => [code, {}])),
    };
    await managed(urls, async (manager) => {
      for (const [code, { sealed, ...settings }] of Object.entries(all)) {
        const topic = topicOf(code);
        await manager.streams.add({ name: streamOf(topic), subjects: [topic], ...settings });
        if (sealed === true) await manager.streams.update(streamOf(topic), { sealed } as object);
      }
      for (const [code, settings] of Object.entries(CONSUMERS)) {
        const topic = topicOf(code);
        const name = `billing-${streamOf(topic)}`;
        const config = {
          durable_name: name,
          ack_policy: AckPolicy.Explicit,
          filter_subject: topic,
          ...settings,
        };
        await manager.consumers.add(streamOf(topic), config);
      }
      // A group that is far behind in a stream that keeps little, and one whose stream moves the topic.
      const narrow = topicOf('retention-overtakes');
      await manager.streams.add({ name: streamOf(narrow), subjects: [narrow], max_msgs: 10 });
      const durable = { durable_name: `billing-${streamOf(narrow)}`, ack_policy: AckPolicy.Explicit };
      await manager.consumers.add(streamOf(narrow), durable);
      const moved = topicOf('moved');
      const transform = { subject_transform: { src: moved, dest: `${prefix}.elsewhere` } };
      await manager.streams.add({ name: streamOf(moved), subjects: [moved], ...transform });
      const letters = topicOf('dead-letters.dlq');
      const short = { max_age: HOUR * NANOS, max_msg_size: 1_000 };
      await manager.streams.add({ name: streamOf(letters), subjects: [letters], ...short });
    });
    const codes = [...Object.keys(all), 'retention-overtakes', 'moved', 'dead-letters', 'topic-missing'];
    const topics = Object.fromEntries(codes.map((code) => [topicOf(code), {}]));
    const base = { type: 'nats', serviceName: 'billing', nats: { urls: [...urls] } } as const;
    {
      await using bus = await createEventBus(base, { plugins: [nats], logger: silent });
      const topic = topicOf('dead-letters');
      await bus.publish(topic, 'a', { key: 'a' });
      for (let i = 0; i < 9; i++) await bus.publish(topicOf('retention-overtakes'), String(i), { key: 'a' });
    }
    await using shop = await Workshop.with({ ...base, topics });
    const found = codesBy(await shop.json<Finding[]>('doctor'));
    for (const code of codes.filter((one) => one !== 'dead-letters')) {
      expect(found.get(topicOf(code)) ?? [], code).toContain(code);
    }
    expect(found.get(topicOf('retention-overtakes'))).toContain('group-without-members');
    expect(found.get(topicOf('dead-letters.dlq'))).toEqual(
      expect.arrayContaining(['dead-letter-retention', 'dead-letter-limit']),
    );
  });

  it('says nothing about a sound bus, and leaves nothing behind', TIMEOUT, async () => {
    const { addresses: urls } = await sharedService('nats', { version: 'current' });
    const topic = `${uniqueName('sound')}.orders`;
    await expectSound({
      plugin: nats,
      topic,
      config: {
        type: 'nats',
        serviceName: uniqueName('billing'),
        nats: { urls: [...urls] },
        topics: { [topic]: { retention: '7d' } },
      },
      traces: () =>
        managed(urls, async (manager) => {
          const { config: stream, state } = await manager.streams.info(await manager.streams.find(topic));
          const consumers: string[] = [];
          for await (const { name } of manager.consumers.list(stream.name)) consumers.push(name);
          const names: string[] = [];
          for await (const name of manager.streams.names()) names.push(name);
          return {
            consumers,
            last: state.last_seq,
            streams: names.filter((name) => name.includes(streamOf(topic))),
          };
        }),
    });
  });

  it('tries permissions, and sees limits of the account and a clock that is wrong', TIMEOUT, async () => {
    const user = (name: string, publish: readonly string[]) =>
      `{ user: ${name}, password: p, permissions: { publish: { allow: ${JSON.stringify(publish)} } } }`;
    await using server = await startService('nats', {
      own: true,
      config: `accounts { A { jetstream: { max_streams: 2 }, users: [
        { user: root, password: p }
        ${user('reader', ['$JS.>', '$SYS.REQ.USER.INFO'])}
        ${user('shy', ['$JS.>'])}
        ${user('writer', ['shop.>'])}
      ] } }`,
    });
    const { addresses: urls } = server;
    await managed(
      urls,
      async (manager) => {
        await manager.streams.add({ name: 'SHOP', subjects: ['shop.orders'] });
        await manager.streams.add({ name: 'LETTERS', subjects: ['shop.orders.dlq'] });
      },
      { user: 'root', pass: 'p' },
    );
    const as = async (username: string, over: { now?: () => number } = {}, ...args: string[]) => {
      const security = { enabled: true, username, password: 'p' };
      await using shop = await Workshop.with({
        type: 'nats',
        serviceName: 'billing',
        connectTimeout: '30s',
        nats: { urls: [...urls], security },
        topics: { 'shop.orders': {} },
      });
      const { out } = await shop.run(['doctor', '--json', ...args], over);
      const found = JSON.parse(out) as Finding[];
      return found.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
    };
    expect(await as('root')).toEqual(['room']);
    const slow = () => Date.UTC(2020, 0);
    expect(await as('root', { now: slow })).toEqual(['room', 'clock-skew']);
    // One login may ask for its rights; with the other it is tried.
    for (const username of ['reader', 'shy']) {
      expect(await as(username), username).toEqual(['publish-refused', 'dead-letters-refused', 'room']);
    }
    expect(await as('reader', {}, '--role', 'consumer')).toEqual(['dead-letters-refused', 'room']);
    expect(await as('writer')).toContain('refused');
    expect(await as('nobody')).toEqual(['login-refused']);
    const { state } = await managed(urls, (manager) => manager.streams.info('SHOP'), {
      user: 'root',
      pass: 'p',
    });
    expect(state.last_seq).toBe(0);
  });

  it('tells a server that is too old, and one that is away', TIMEOUT, async () => {
    const { addresses: urls } = await sharedService('nats', { version: '2.9' });
    const doctor = async (address: readonly string[], connectTimeout: string) => {
      const nats = { urls: [...address] };
      await using shop = await Workshop.with({ type: 'nats', serviceName: 'shop', connectTimeout, nats });
      return (await shop.json<Finding[]>('doctor')).map(({ code }) => code);
    };
    expect(await doctor(urls, '30s')).toEqual(['order-per-instance']);
    expect(await doctor(['nats://127.0.0.1:1'], '2s')).toEqual(['no-connection']);
  });
});
