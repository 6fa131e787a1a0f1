/** The test kit: buses on a broker of their own, what was seen on it, and the clock that they share. */
import type { EventBus } from '@ebus/core';
import {
  checkOptions,
  type Duration,
  kinds,
  optionTable,
  parseDuration,
  type SkippableClock,
} from '@ebus/core/driver';
import type { HandlerFault, PublishFault } from './faults.js';
import type { Seen } from './recorder.js';
import type { DeadLetteredMessage, FailedAttempt, HandledMessage, SeenMessage } from './seen-message.js';
import {
  busyOf,
  IDLE_OPTIONS,
  type IdleOptions,
  isDone,
  WAIT_OPTIONS,
  type WaitOptions,
  waitUntil,
} from './waiting.js';
import { type TestBusOptions, World } from './world.js';

export type { TestBusOptions } from './world.js';

const OBJECT = kinds.kind(
  'an object of settings',
  (value) => typeof value === 'object' && value !== null,
  '{}',
);
const OPTIONS = optionTable<TestBusOptions>({
  plugins: kinds.kind('a list of plug-ins', Array.isArray, '[]'),
  codec: kinds.withMethods('an EnvelopeCodec', 'encode', 'decode'),
  governance: kinds.withMethods('a TopicGovernance', 'check', 'fix'),
  metrics: kinds.withMethods('a MetricsCollector', 'recordPublish', 'recordConsume', 'recordError'),
  serviceName: kinds.filledText,
  config: OBJECT,
  logger: kinds.logger,
  startAt: kinds.kind('a Date', (value) => value instanceof Date, 'new Date()'),
});
const PUBLISH_FAULT = optionTable<PublishFault>({
  times: kinds.positiveInteger,
  stored: kinds.flag,
  error: kinds.kind('an Error', (value) => value instanceof Error, "new Error('…')"),
});
const HANDLER_FAULT = optionTable<HandlerFault>({
  times: kinds.positiveInteger,
  when: kinds.oneOf('before', 'after'),
  error: kinds.kind('anything', () => true),
});

const WORDS: Readonly<Record<keyof Seen, (topic: string) => string>> = {
  published: (topic) => `messages of ${topic} were published`,
  handled: (topic) => `messages of ${topic} were handled`,
  failed: (topic) => `attempts for ${topic} failed`,
  deadLettered: (topic) => `messages of ${topic} were dead-lettered`,
};

/** A bus for a test, and what the test can see and do. Made by `testBus`. */
export class TestBus implements AsyncDisposable {
  /** The bus under test. */
  readonly bus: EventBus;
  /** The clock of all buses here. It runs at the machine's pace; `advance` moves it. Give it to your own code, too. */
  readonly clock: SkippableClock;
  readonly #world: World;

  /** @internal */
  constructor(bus: EventBus, world: World) {
    this.bus = bus;
    this.clock = world.clock;
    this.#world = world;
  }

  /** Another bus on the same broker and the same clock: a second service, or a second instance of one. Closed with this one. */
  createBus(options: TestBusOptions = {}): Promise<EventBus> {
    checkOptions('createBus', options, OPTIONS);
    return this.#world.open(options);
  }

  /**
   * The messages of a topic, once there are `count` of them (default 1), whoever published them.
   * @throws EbusError `IDLE_TIMEOUT` that says what was seen instead, by rejecting
   */
  published<P = unknown>(
    topic: string,
    options: WaitOptions<SeenMessage<P>> = {},
  ): Promise<SeenMessage<P>[]> {
    return this.#wait('published', topic, options as WaitOptions, this.seen(topic).published) as Promise<
      SeenMessage<P>[]
    >;
  }

  /** The messages of a topic that handlers of any group handled, once there are `count` of them (default 1). */
  handled<P = unknown>(
    topic: string,
    options: WaitOptions<HandledMessage<P>> = {},
  ): Promise<HandledMessage<P>[]> {
    return this.#wait('handled', topic, options as WaitOptions, this.seen(topic).handled) as Promise<
      HandledMessage<P>[]
    >;
  }

  /** The failed attempts for a topic, once there are `count` of them (default 1). */
  failed<P = unknown>(
    topic: string,
    options: WaitOptions<FailedAttempt<P>> = {},
  ): Promise<FailedAttempt<P>[]> {
    return this.#wait('failed', topic, options as WaitOptions, this.seen(topic).failed) as Promise<
      FailedAttempt<P>[]
    >;
  }

  /** The messages of a topic whose dead letters are written, once there are `count` of them (default 1). Retries take no time. */
  deadLettered<P = unknown>(
    topic: string,
    options: WaitOptions<DeadLetteredMessage<P>> = {},
  ): Promise<DeadLetteredMessage<P>[]> {
    return this.#wait(
      'deadLettered',
      topic,
      options as WaitOptions,
      this.seen(topic).deadLettered,
    ) as Promise<DeadLetteredMessage<P>[]>;
  }

  /** What happened with a topic so far, without waiting. Await `idle()` before you assert that something did not happen. */
  seen(topic: string): Seen {
    return this.#world.recorder.of(topic);
  }

  /**
   * Resolves when all buses here have nothing left to do: every message is handled by every group, every publish is
   * acknowledged. Retries and rate limits take no time.
   * @throws EbusError `IDLE_TIMEOUT` that says who is busy, by rejecting: a halted key, a paused subscription, a handler
   */
  async idle(options: IdleOptions = {}): Promise<void> {
    checkOptions('idle', options, IDLE_OPTIONS);
    const world = this.#world;
    let quiet = 0;
    const done = () => {
      quiet = isDone(world) ? quiet + 1 : 0;
      return quiet > 1;
    };
    await waitUntil(world, done, options.timeout, (ms) => `not idle within ${ms} ms: ${busyOf(world)}`);
  }

  /**
   * Moves the clock on, from timer to timer. What falls due begins; handlers that wait for anything but this clock are not
   * waited for.
   */
  advance(time: Duration): Promise<void> {
    return this.clock.advance(parseDuration(time));
  }

  /** Lets the next publishes to a topic fail (default: one), those of every bus here. Retries count. */
  failPublishes(topic: string, fault: PublishFault = {}): void {
    checkOptions('failPublishes', fault, PUBLISH_FAULT);
    this.#world.faults.publishes.add(topic, fault);
  }

  /** Lets the next attempts to handle a message of a topic fail (default: one). */
  failHandlers(topic: string, fault: HandlerFault = {}): void {
    checkOptions('failHandlers', fault, HANDLER_FAULT);
    this.#world.faults.handlers.add(topic, fault);
  }

  /** Takes the connection away from all buses here: publishes wait, and fail at their timeout. Messages still arrive. */
  disconnect(): void {
    this.#world.setAway(true);
  }

  /** Gives the connection back. */
  reconnect(): void {
    this.#world.setAway(false);
  }

  /** Closes all buses here. */
  async close(): Promise<void> {
    await this.#world.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #wait(
    what: keyof Seen,
    topic: string,
    options: WaitOptions,
    list: readonly SeenMessage[],
  ): Promise<SeenMessage[]> {
    checkOptions(what, options, WAIT_OPTIONS);
    const { count = 1, where, timeout } = options;
    const found = () => (where === undefined ? [...list] : list.filter(where));
    const enough = () => (where === undefined ? list : found()).length >= count;
    const which = where === undefined ? '' : ', of those that `where` takes,';
    await waitUntil(
      this.#world,
      enough,
      timeout,
      (ms) => `${found().length} of ${count} ${WORDS[what](`'${topic}'`)}${which} within ${ms} ms`,
    );
    return found();
  }
}

/**
 * A bus for a test: the memory transport on a broker of its own, with a clock that the test can move, and with everything
 * recorded. Close it with `await using`, or by `close()`; it keeps the process alive until then.
 */
export async function testBus(options: TestBusOptions = {}): Promise<TestBus> {
  checkOptions('testBus', options, OPTIONS);
  const world = new World(options);
  try {
    return new TestBus(await world.open(options), world);
  } catch (error) {
    await world.close();
    throw error;
  }
}
