/** What the tests on a real broker share: buses, names of their own, plain clients, histories. */
import { type CommonConfig, createEventBus, EbusError, type EventBus, type Logger } from '@ebus/core';
import kafkajs, { type Admin } from 'kafkajs';
import { Cleanup } from '../../../conformance/src/test-kit/cleanup.js';
import { event } from '../../../conformance/src/test-kit/events.js';
import { eventually as eventuallyWithin } from '../../../conformance/src/test-kit/eventually.js';
import { History } from '../../../conformance/src/test-kit/history.js';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { type KafkaConfig, kafka } from '../index.js';
import { patient } from './patient-admin.js';

export { Cleanup, event, History, uniqueName };

const PATIENCE_MS = 30_000;

export const eventually = (check: () => unknown, what?: string, patience = PATIENCE_MS) =>
  eventuallyWithin(patience, check, what);

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
  return patient(admin);
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
