/** What the tests of this package share: records, a host on a manual clock, groups to talk to. */
import type {
  DriverHostV1 as DriverHost,
  IncomingMessage,
  OutgoingRecord,
  Settlement,
  SettleOutcome,
  SubscriptionSpec,
} from '@ebus/core/driver';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { LogMessage } from '../log-message.js';
import { MemorySubscription } from '../subscription.js';
import { TopicLog, type TopicSettings } from '../topic-log.js';

export interface TestHost extends DriverHost {
  readonly clock: ManualClock;
  readonly warnings: string[];
}

export function testHost(clock = new ManualClock()): TestHost {
  const warnings: string[] = [];
  const logger = {
    debug() {},
    info() {},
    warn: (...args: unknown[]) => void warnings.push(String(args.at(-1))),
    error: (...args: unknown[]) => void warnings.push(String(args.at(-1))),
  };
  return {
    serviceName: 'test',
    clock,
    logger,
    topicConfigStrategy: 'createOrUpdate',
    defaultGroup: undefined,
    configuredTopic: () => undefined,
    provision: async () => {},
    warnings,
    onState() {},
  };
}

const text = new TextEncoder();

export function record(value = 'x', fields: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return {
    topic: 'orders',
    persistence: 'persistent',
    key: undefined,
    value: text.encode(value),
    headers: [],
    messageId: undefined,
    ownsValue: true,
    deadline: Number.MAX_SAFE_INTEGER,
    ...fields,
  };
}

export function logMessage(offset: number, key?: string): LogMessage {
  const value = text.encode(`value ${offset}`);
  return new LogMessage(offset, 'orders', value, key, [], undefined, offset, { offset }, 1, false);
}

export interface TestLog {
  readonly log: TopicLog;
  readonly host: TestHost;
  send(value: string, fields?: Partial<OutgoingRecord>): ReturnType<TopicLog['send']>;
  subscribe(spec?: Partial<SubscriptionSpec>): MemorySubscription;
}

export function testLog(
  options: Partial<TopicSettings> & { maxChannelSize?: number; bufferSize?: number } = {},
): TestLog {
  const { maxChannelSize = 1_000, bufferSize = 10, persistence = 'persistent', ...limits } = options;
  const host = testHost();
  const log = new TopicLog('orders', { persistence, ...limits }, { maxChannelSize, bufferSize }, host);
  return {
    log,
    host,
    send: (value, fields) => log.send(record(value, fields), host),
    subscribe: (spec = {}) => new MemorySubscription(log, { ...DEFAULT_SPEC, ...spec }, () => {}),
  };
}

const DEFAULT_SPEC: SubscriptionSpec = {
  topic: 'orders',
  persistence: 'persistent',
  group: 'billing',
  durable: true,
  from: 'earliest',
  ordering: 'instance',
};

export const ALL = { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

export function settlements(
  messages: readonly IncomingMessage[],
  outcome: SettleOutcome = 'handled',
): Settlement[] {
  return messages.map(({ token }) => ({ token, outcome }));
}

export function texts(messages: readonly IncomingMessage[] | undefined): string[] | undefined {
  return messages?.map(({ value }) => new TextDecoder().decode(value));
}

/** Lets everything that only waits for the current call stack happen. */
export function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
