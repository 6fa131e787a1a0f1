import { systemClock } from '@ebus/core/driver';
import { type ConsumerInfo, JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import { headers as headersOf, type Msg } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { Consumers } from '../consumers.js';
import type { Link } from '../link.js';
import type { Streams } from '../streams.js';
import { Puller } from './puller.js';
import type { Target } from './target.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const CREATED = '2026-01-01T00:00:00Z';
const gone = () => new JetStreamApiError({ code: 404, err_code: 10014, description: 'consumer not found' });

function info(created = CREATED): ConsumerInfo {
  const floor = { consumer_seq: 3, stream_seq: 7 };
  return { created, num_ack_pending: 0, num_waiting: 0, ack_floor: floor, delivered: floor } as ConsumerInfo;
}

/** A puller on a link that records requests, and a server that answers what a test says. */
function made() {
  const requests: { batch: number; max_bytes: number }[] = [];
  const calls: unknown[] = [];
  const server: { info: () => Promise<ConsumerInfo> } = { info: async () => info() };
  const consumers = {
    info: () => server.info(),
    ensure: async ({ from }: { from: unknown }) => {
      calls.push(['ensured', from]);
      server.info = async () => info('2026-01-02T00:00:00Z');
      return server.info();
    },
    adopt: async (_: unknown, found: ConsumerInfo) => found,
    check: () => {},
  } as unknown as Consumers;
  const stream = { config: { name: 'S' }, created: CREATED } as StreamInfo;
  const streams = { findUsable: async () => stream } as unknown as Streams;
  let receive: (error: null, message: Msg) => void = () => {};
  const refuse = (request: number, left: number) => {
    const headers = headersOf(409, 'Message Size Exceeds MaxBytes');
    headers.set('Nats-Pending-Messages', String(left));
    headers.set('Nats-Pending-Bytes', '1');
    receive(null, { subject: `inbox.${request}`, headers, data: new Uint8Array() } as unknown as Msg);
  };
  const link = {
    isClosed: false,
    inbox: () => 'inbox',
    subscribe: (_: string, callback: typeof receive) => {
      receive = callback;
      return { isClosed: () => false, drain: async () => {}, unsubscribe: () => {} };
    },
    connection: { info: {}, publish: (_: string, body: string) => void requests.push(JSON.parse(body)) },
  } as unknown as Link;
  const credit = { messages: 0, bytes: 0 };
  const target: Target = {
    credit,
    push: () => {},
    lost: () => {},
    failed: (error) => void calls.push(['failed', error]),
    resumed: () => void calls.push('resumed'),
  };
  const spec = {
    stream: 'S',
    name: 'c',
    filters: ['t'],
    durable: true,
    from: 'earliest',
    singleActive: false,
  } as const;
  const options = {
    ...{ consumers, streams, logger, target, clock: systemClock },
    ...{ topic: 't', apiPrefix: '$JS.API', maxAckPending: 1_000, ackWait: 30_000 },
  };
  const puller = new Puller(options, { spec, info: info(), incarnation: CREATED });
  const grant = (messages: number, bytes: number) => {
    Object.assign(credit, { messages, bytes });
    puller.fetch();
  };
  return { puller, link, server, requests, calls, grant, refuse };
}

it('asks for as much as there is credit, and for nothing twice', async () => {
  const { puller, link, requests, grant } = made();
  puller.online(link);
  await expect.poll(() => puller.link).toBeDefined();
  grant(10, 1_000);
  await expect.poll(() => requests.length).toBe(1);
  grant(10, 1_000);
  expect(requests).toMatchObject([{ batch: 10, max_bytes: 1_000 }]);
  await puller.stop();
});

it('does not repeat refused requests while others are open, and then asks for the large message alone', async () => {
  const { puller, link, requests, grant, refuse } = made();
  puller.online(link);
  await expect.poll(() => puller.link).toBeDefined();
  grant(10, 1_000);
  await expect.poll(() => requests.length).toBe(1);
  grant(20, 2_000);
  expect(requests).toMatchObject([{ max_bytes: 1_000 }, { batch: 10, max_bytes: 1_000 }]);
  refuse(1, 10);
  expect(requests.length).toBe(2);
  refuse(2, 10);
  expect(requests[2]).toMatchObject({ batch: 1, max_bytes: 0 });
  await puller.stop();
});

it('looks for the consumer again where a question finds none, although nothing is asked for', async () => {
  const { puller, link, server, calls } = made();
  puller.online(link);
  await puller.state();
  server.info = async () => Promise.reject(gone());
  await expect(puller.state()).rejects.toThrow('consumer not found');
  await expect.poll(() => calls).toEqual([['ensured', 8], 'resumed']);
  expect(puller.locator.knows(await server.info())).toBe(true);
  await puller.stop();
});

it('looks for it again where a question finds another one of its name', async () => {
  const { puller, link, server, calls } = made();
  puller.online(link);
  await puller.state();
  server.info = async () => info('2026-01-03T00:00:00Z');
  await puller.state();
  await expect.poll(() => calls.includes('resumed')).toBe(true);
  await puller.stop();
});

it('asks for nothing without a connection', async () => {
  const { puller, link, requests, grant } = made();
  puller.online(link);
  puller.offline();
  grant(10, 1_000);
  expect([puller.link, requests]).toEqual([undefined, []]);
  await puller.stop();
});
