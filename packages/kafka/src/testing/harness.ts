/** What the tests on a real broker share: buses, names of their own, plain clients, histories. */
import assert from 'node:assert/strict';
import {
  type CommonConfig,
  createEventBus,
  EbusError,
  type EnvelopeInput,
  type EventBus,
  type Logger,
} from '@ebus/core';
import kafkajs, { type Admin } from 'kafkajs';
import { eventually as eventuallyWithin } from '../../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { type KafkaConfig, kafka } from '../index.js';

export { uniqueName };

const PATIENCE_MS = 30_000;

export const eventually = (check: () => unknown, what?: string, patience = PATIENCE_MS) =>
  eventuallyWithin(patience, check, what);

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
  kafka?: Omit<KafkaConfig, 'brokers'>;
  common?: CommonConfig;
  logger?: Logger;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export function kafkaBus(brokers: readonly string[], settings: BusSettings = {}): Promise<EventBus> {
  const { service = uniqueName('service'), logger = silent } = settings;
  return createEventBus(
    {
      type: 'kafka',
      serviceName: service,
      publisher: { errorHandling: { retryBackoffBase: 10, retryBackoffMax: 100 } },
      subscriber: { errorHandling: { retryBackoffBase: 1, retryBackoffMax: 5 } },
      ...settings.common,
      kafka: { brokers: [...brokers], ...settings.kafka },
    },
    { plugins: [kafka], logger },
  );
}

/** A client that knows nothing of ebus. */
export function plainKafka(brokers: readonly string[]) {
  return new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
}

export async function plainAdmin(brokers: readonly string[]): Promise<Admin> {
  const admin = plainKafka(brokers).admin();
  await admin.connect();
  return admin;
}

export function event(aggregateId: string, sequence: number): EnvelopeInput<{ sequence: number }> {
  return { aggregateId, eventType: 'Counted', eventVersion: 1, payload: { sequence } };
}

export async function failure(action: () => Promise<unknown>): Promise<EbusError> {
  const error = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!EbusError.isInstance(error))
    throw new Error(`expected an EbusError, got ${String(error)}`, { cause: error });
  return error;
}

/** What was acknowledged when publishing, and what was handled, in the order in which it happened. */
export class History {
  readonly accepted = new Map<string, number[]>();
  readonly handled = new Map<string, number[]>();
  #distinct = 0;
  #seen = new Map<string, Set<number>>();

  accept(aggregateId: string, sequence: number): void {
    append(this.accepted, aggregateId, sequence);
  }

  handle(aggregateId: string, sequence: number): void {
    append(this.handled, aggregateId, sequence);
    const seen = this.#seen.get(aggregateId) ?? new Set();
    if (!seen.has(sequence)) this.#distinct++;
    this.#seen.set(aggregateId, seen.add(sequence));
  }

  get acceptedCount(): number {
    return count(this.accepted);
  }

  /** Distinct events. */
  get handledCount(): number {
    return this.#distinct;
  }

  get duplicates(): number {
    return count(this.handled) - this.#distinct;
  }

  /** First handlings of each aggregate in ascending order, and nothing accepted is missing. */
  check(): void {
    for (const [id, sequences] of this.accepted) {
      const seen = this.#seen.get(id);
      const missing = sequences.filter((sequence) => seen?.has(sequence) !== true);
      assert.deepEqual(missing, [], `events of ${id} were accepted and not handled`);
    }
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

/** What the group has committed, by partition; -1 where nothing. */
export async function committedOf(admin: Admin, groupId: string, topic: string): Promise<number[]> {
  const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const partitions = [...(answer?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
  return partitions.map(({ offset }) => Number(offset));
}
