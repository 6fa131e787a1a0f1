/** What the tests on a real server share: buses, names of their own, plain clients, histories. */
import assert from 'node:assert/strict';
import {
  type Clock,
  type CommonConfig,
  createEventBus,
  type EnvelopeInput,
  type EventBus,
  type Logger,
} from '@ebus/core';
import { type ConsumerInfo, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually as eventuallyWithin } from '../../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { type NatsConfig, nats } from '../index.js';

export { uniqueName };

const PATIENCE_MS = 15_000;

export const eventually = (check: () => unknown, what?: string) => eventuallyWithin(PATIENCE_MS, check, what);

/** Ends what a test began, last one first. */
export class Cleanup {
  readonly #ends: (() => unknown)[] = [];

  add<T>(resource: T, end: (resource: T) => unknown): T {
    this.#ends.push(() => end(resource));
    return resource;
  }

  async run(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

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

export async function plainClient(urls: readonly string[]): Promise<Plain> {
  const connection = await connect({ servers: urls.map((url) => url.replace('nats://', '')) });
  return { connection, manager: await jetstreamManager(connection, { checkAPI: false }) };
}

export async function consumersOf({ manager }: Plain, stream: string): Promise<ConsumerInfo[]> {
  const all: ConsumerInfo[] = [];
  for await (const info of manager.consumers.list(stream)) all.push(info);
  return all;
}

export function event(aggregateId: string, sequence: number): EnvelopeInput<{ sequence: number }> {
  return { aggregateId, eventType: 'Counted', eventVersion: 1, payload: { sequence } };
}

/** What was acknowledged when publishing, and what was handled, in the order in which it happened. */
export class History {
  readonly accepted = new Map<string, number[]>();
  readonly handled = new Map<string, number[]>();

  accept(aggregateId: string, sequence: number): void {
    append(this.accepted, aggregateId, sequence);
  }

  handle(aggregateId: string, sequence: number): void {
    append(this.handled, aggregateId, sequence);
  }

  get acceptedCount(): number {
    return count(this.accepted);
  }

  /** Distinct events. */
  get handledCount(): number {
    return [...this.handled.values()].reduce((sum, all) => sum + new Set(all).size, 0);
  }

  get duplicates(): number {
    return count(this.handled) - this.handledCount;
  }

  get isComplete(): boolean {
    for (const [id, sequences] of this.accepted) {
      const handled = new Set(this.handled.get(id));
      if (!sequences.every((sequence) => handled.has(sequence))) return false;
    }
    return true;
  }

  /** First handlings of each aggregate in ascending order, and nothing accepted is missing. */
  check(): void {
    assert.ok(this.isComplete, 'something accepted was not handled');
    for (const [id, sequences] of this.handled) {
      const first = [...new Set(sequences)];
      assert.deepEqual(
        first,
        [...first].sort((a, b) => a - b),
        `${id} was handled in another order`,
      );
    }
  }
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const count = (map: Map<string, number[]>) => [...map.values()].reduce((sum, { length }) => sum + length, 0);

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
