/** What the tests of this package share: records, a host on a manual clock, groups to talk to. */
import type {
  DriverHost,
  IncomingMessage,
  OutgoingRecord,
  Settlement,
  SettleOutcome,
  SubscriptionSink,
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
  return new LogMessage(
    offset,
    'orders',
    value,
    0,
    value.length,
    key,
    [],
    undefined,
    { timestamp: offset, at: offset },
    1,
    value.length,
  );
}

export interface TestLog {
  readonly log: TopicLog;
  readonly host: TestHost;
  send(value: string, fields?: Partial<OutgoingRecord>): ReturnType<TopicLog['send']>;
  subscribe(spec?: Partial<SubscriptionSpec>): TestMember;
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
    subscribe: (spec = {}) => new TestMember(log, { ...DEFAULT_SPEC, ...spec }),
  };
}

/** A member that is asked for a batch at a time. */
export class TestMember extends MemorySubscription {
  readonly #mailbox: Mailbox;

  constructor(log: TopicLog, spec: SubscriptionSpec) {
    const mailbox = new Mailbox();
    super(log, spec, mailbox, () => {});
    this.#mailbox = mailbox;
  }

  /** The next batch, once there is one. */
  receive(credit: { messages: number; bytes: number }): Promise<readonly IncomingMessage[]> {
    const batch = this.#mailbox.next();
    this.request(credit);
    return batch;
  }

  /** All that comes before nothing comes any more, as far as the credit goes. */
  async everything({ messages, bytes } = ALL): Promise<readonly IncomingMessage[]> {
    const all: IncomingMessage[] = [];
    while (all.length < messages) {
      const before = all.length;
      void this.receive({ messages: messages - before, bytes }).then((batch) => void all.push(...batch));
      await microtasks();
      if (all.length === before) break;
    }
    this.request({ messages: 0, bytes: 0 });
    return all;
  }

  override deliver(batch: readonly LogMessage[]): void {
    super.deliver(batch);
    this.request({ messages: 0, bytes: 0 });
  }
}

/** Core's end of a subscription, for tests without core. */
export class Mailbox implements SubscriptionSink {
  #waiting: ((batch: readonly IncomingMessage[]) => void) | undefined;

  next(): Promise<readonly IncomingMessage[]> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  push(batch: readonly IncomingMessage[]): void {
    this.#waiting?.(batch);
    this.#waiting = undefined;
  }
  failed(): void {}
  resumed(): void {}
  lost(): void {}
  ended(): void {}
  assigned(): void {}
  async revoked(): Promise<void> {}
  unassigned(): void {}
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
