/** What the tests on a real server share: buses, names of their own, plain clients, histories. */
import { type Clock, type CommonConfig, createEventBus, type EventBus, type Logger } from '@ebus/core';
import { type ConsumerInfo, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type MsgHdrs, type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import { Cleanup } from '../../../conformance/src/test-kit/cleanup.js';
import { event } from '../../../conformance/src/test-kit/events.js';
import { eventually as eventuallyWithin } from '../../../conformance/src/test-kit/eventually.js';
import { History } from '../../../conformance/src/test-kit/history.js';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { type NatsConfig, nats } from '../index.js';

export { Cleanup, event, History, uniqueName };

const PATIENCE_MS = 15_000;

export const eventually = (check: () => unknown, what?: string, patience = PATIENCE_MS) =>
  eventuallyWithin(patience, check, what);

export interface BusSettings {
  service?: string;
  nats?: Omit<NatsConfig, 'urls'>;
  common?: CommonConfig;
  logger?: Logger;
  clock?: Clock;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export function natsBus(urls: readonly string[], settings: BusSettings = {}): Promise<EventBus> {
  const { service = uniqueName('service'), logger = silent } = settings;
  const { jetstream, ...rest } = settings.nats ?? {};
  return createEventBus(
    {
      type: 'nats',
      serviceName: service,
      publisher: { errorHandling: { retryBackoffBase: 10, retryBackoffMax: 100 } },
      subscriber: { errorHandling: { retryBackoffBase: 1, retryBackoffMax: 5 } },
      ...settings.common,
      nats: { urls: [...urls], reconnectWait: 50, ...rest, jetstream: { ackWait: '1s', ...jetstream } },
    },
    { plugins: [nats], logger, ...(settings.clock === undefined ? {} : { clock: settings.clock }) },
  );
}

/** A client that knows nothing of ebus. */
export interface Plain {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
}

export async function plainClient(
  urls: readonly string[],
  login: { user?: string; pass?: string } = {},
): Promise<Plain> {
  const connection = await connect({ servers: urls.map((url) => url.replace('nats://', '')), ...login });
  return { connection, manager: await jetstreamManager(connection, { checkAPI: false }) };
}

/** Headers as nats.js has them. */
export function plainHeaders(entries: Readonly<Record<string, string>>): MsgHdrs {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(entries)) headers.append(name, value);
  return headers;
}

export async function consumersOf({ manager }: Plain, stream: string): Promise<ConsumerInfo[]> {
  const all: ConsumerInfo[] = [];
  for await (const info of manager.consumers.list(stream)) all.push(info);
  return all;
}

export interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
}

export function gate(): Deferred {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
