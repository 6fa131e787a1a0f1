/** The table of docs/guides/lifecycle.md, tried in every order. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallOptions, DriverHost } from '../driver/driver.js';
import type { SendReceipt, SendRecord } from '../driver/message.js';
import type { DriverSubscription, SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import type { DriverTopicAdmin } from '../driver/topic-admin.js';
import { ConnectionError, EbusError } from '../errors.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver, ScriptedSubscription } from '../testing/scripted-driver.js';
import type { EventBus } from './event-bus.js';

const away = () => new ConnectionError('the broker is away');

/** A broker that is there or away, and remembers what it was asked after the driver was closed. */
class Broker extends ScriptedDriver {
  there = true;
  closes = 0;
  connects = 0;
  readonly late: string[] = [];
  readonly members = new Set<ScriptedSubscription>();
  override readonly admin: DriverTopicAdmin = {
    supports: new Set(),
    describe: async () => this.#answer('describe', undefined),
    create: async () => this.#answer('create', true),
    alter: async () => this.#answer('alter', undefined),
  } as unknown as DriverTopicAdmin;

  override async connect(host: DriverHost): Promise<void> {
    this.connects++;
    this.host = host;
    this.#answer('connect', undefined);
  }

  async reconnect(): Promise<void> {
    this.#answer('reconnect', undefined);
  }

  override async ping(_options?: CallOptions) {
    return this.#answer('ping', {});
  }

  override async send(_record: SendRecord): Promise<SendReceipt> {
    if (!this.there) throw new EbusError('not sent', { code: 'PUBLISH_FAILED' });
    return this.#answer('send', {});
  }

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink): Promise<DriverSubscription> {
    const members = this.#answer('subscribe', this.members);
    class Member extends ScriptedSubscription {
      override async close(): Promise<void> {
        members.delete(this);
      }
    }
    const member = new Member(spec, sink, 1_000);
    members.add(member);
    return member;
  }

  override async close(): Promise<void> {
    this.closes++;
  }

  #answer<T>(call: string, value: T): T {
    if (this.closes > 0) this.late.push(call);
    if (!this.there) throw away();
    return value;
  }
}

const calls = {
  start: (bus: EventBus) => bus.start(),
  stop: (bus: EventBus) => bus.stop(),
  close: (bus: EventBus) => bus.close({ timeout: 100 }),
  reconnect: (bus: EventBus) => bus.connection.reconnect(),
  apply: (bus: EventBus) => bus.topics.apply({ orders: {} }),
  subscribe: (bus: EventBus) => bus.subscribe('orders', () => {}),
} satisfies Record<string, (bus: EventBus) => Promise<unknown>>;
type Call = keyof typeof calls;

interface Situation {
  lazy: boolean;
  broker: 'there' | 'away' | 'lost';
  autoStart: boolean;
}

const situations: Situation[] = [
  { lazy: false, broker: 'there', autoStart: false },
  { lazy: false, broker: 'there', autoStart: true },
  { lazy: false, broker: 'lost', autoStart: true },
  { lazy: true, broker: 'there', autoStart: true },
  { lazy: true, broker: 'away', autoStart: true },
  { lazy: true, broker: 'away', autoStart: false },
];

/** What the table says of a call, by its state and the calls before it. */
function expected(call: Call, before: readonly Call[], { broker }: Situation): string {
  if (call === 'stop' || call === 'close') return 'ok';
  if (before.includes('close')) return 'BUS_CLOSED';
  if (call === 'start') return 'ok';
  if (call === 'subscribe') {
    // Without a first connection it waits for one, else the broker is asked.
    if (broker === 'away') return 'BUS_CLOSED';
    if (broker === 'lost') return 'CONNECTION_FAILED';
    return before.includes('subscribe') ? 'ALREADY_SUBSCRIBED' : 'ok';
  }
  if (broker === 'there') return 'ok';
  // It goes on for as long as it takes: until the bus closes.
  return call === 'reconnect' ? 'BUS_CLOSED' : 'TOPIC_APPLY_FAILED';
}

function sequences(length: number): Call[][] {
  if (length === 0) return [[]];
  const names = Object.keys(calls) as Call[];
  return sequences(length - 1).flatMap((sequence) => names.map((name) => [...sequence, name]));
}

const all = [1, 2, 3].flatMap(sequences);

const config = {
  healthCheck: { enabled: true, subscriber: {} },
  publisher: { backlogDetection: { enabled: true } },
  subscriber: { backlogDetection: { enabled: true } },
};

async function run(order: readonly Call[], situation: Situation, spaced: boolean): Promise<string[]> {
  const driver = new Broker();
  driver.there = situation.broker !== 'away';
  const { lazy, autoStart } = situation;
  const full = lazy ? { ...config, connect: 'lazy' as const, topics: { orders: {} } } : config;
  const { bus, clock } = await scriptedBus(full, { driver, autoStart });
  if (lazy) await settle();
  if (situation.broker === 'lost') {
    driver.there = false;
    driver.host?.onState({ status: 'failed', cause: away() });
  }
  const closed = order.includes('close');
  const sequence: readonly Call[] = closed ? order : [...order, 'close'];
  const outcomes: Promise<string>[] = [];
  for (const call of sequence) {
    const made: Promise<unknown> = calls[call](bus);
    outcomes.push(
      made.then(
        () => 'ok',
        (error: unknown) => (EbusError.isInstance(error) ? error.code : String(error)),
      ),
    );
    if (spaced) await settle();
  }
  const found = await Promise.all(outcomes);

  const problems: string[] = [];
  const lastClose = sequence.lastIndexOf('close');
  for (const [index, call] of sequence.entries()) {
    const wanted = expected(call, sequence.slice(0, index), situation);
    const outcome = found[index];
    // Where a close comes before the call is done, the close wins.
    const cutShort = !spaced && index < lastClose && outcome === 'BUS_CLOSED';
    const taken = !spaced && call === 'subscribe' && outcome === 'ALREADY_SUBSCRIBED';
    if (outcome !== wanted && !cutShort && !taken)
      problems.push(`${call} was ${outcome} instead of ${wanted}`);
  }
  await settle();
  if (bus.connection.state().status !== 'closed') problems.push('the connection is not closed');
  if (clock.pending > 0) problems.push(`${clock.pending} timers are left`);
  if (driver.members.size > 0) problems.push(`${driver.members.size} members are left`);
  if (driver.closes !== 1) problems.push(`the driver was closed ${driver.closes} times`);
  if (driver.connects > 1 && !lazy) problems.push(`connect was called ${driver.connects} times`);
  if (driver.late.length > 0) problems.push(`asked after closing: ${driver.late.join(', ')}`);
  await clock.advance(120_000);
  if (driver.late.length > 0) problems.push(`asked long after closing: ${driver.late.join(', ')}`);
  return problems.map((problem) => `${sequence.join(', ')}: ${problem}`);
}

describe.each(situations)('connect lazily: $lazy, the broker $broker, autoStart: $autoStart', (situation) => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  let intervals: Set<unknown>;
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    intervals = new Set();
    const { setInterval, clearInterval } = globalThis;
    vi.spyOn(globalThis, 'setInterval').mockImplementation(((...args: Parameters<typeof setInterval>) => {
      const timer = setInterval(...args);
      intervals.add(timer);
      return timer;
    }) as typeof globalThis.setInterval);
    vi.spyOn(globalThis, 'clearInterval').mockImplementation(((timer: NodeJS.Timeout | undefined) => {
      intervals.delete(timer);
      clearInterval(timer);
    }) as typeof globalThis.clearInterval);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
    vi.restoreAllMocks();
  });

  it.each([
    ['one after the other', true],
    ['all at once', false],
  ])(
    'every order of up to three calls, %s',
    async (_how, spaced) => {
      const problems: string[] = [];
      for (const order of all) problems.push(...(await run(order, situation, spaced)));
      expect(problems).toEqual([]);
      expect(unhandled).toEqual([]);
      expect(intervals.size).toBe(0);
    },
    120_000,
  );
});
