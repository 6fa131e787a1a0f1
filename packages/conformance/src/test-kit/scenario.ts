/** One test's own topics, groups and buses, and what ends them. */
import {
  type CommonConfig,
  type CreateEventBusOptions,
  createEventBus,
  type EventBus,
  type EventBusConfig,
  type Message,
  type TopicOptions,
} from '@ebus/core';
import { type Persistence, parseDuration } from '@ebus/core/driver';
import type { LogAccess } from '../abilities.js';
import type { Harness } from '../harness.js';
import { Child } from '../process/child.js';
import type { ProcessReport, ProcessTask } from '../process/process-task.js';
import { SHARED, type Stage } from '../stage.js';
import type { BrokenBroker } from './broken-broker.js';
import { type Collector, collectMessages } from './collector.js';
import { Deferred } from './deferred.js';
import { eventually } from './eventually.js';
import { merge } from './merge.js';
import { uniqueName } from './unique-name.js';
import type { Wire } from './wire.js';

/** How long buses may drain at the end of a test, when nothing should be running any more. */
const END_TIMEOUT_MS = 500;

interface BusOptions {
  /** Laid over the harness' configuration; sections are merged. */
  config?: CommonConfig;
  createOptions?: Omit<CreateEventBusOptions, 'plugins' | 'registry'>;
  /** Put between this bus and its driver. */
  wire?: Pick<Wire, 'wrap'>;
}

/** Gives a test its topics, buses and child processes, and waits on conditions. `play` ends all of them afterwards. */
export class Scenario {
  readonly persistence: Persistence;
  /** The topic of tests that need one. */
  readonly topic: string;
  /** The service name of every bus here, and so the default group where the adapter configures none. */
  readonly service: string;
  readonly #harness: Harness;
  readonly #patienceMs: number;
  readonly #topics: Record<string, TopicOptions> = {};
  readonly #buses: EventBus[] = [];
  readonly #gates: Deferred[] = [];
  readonly #children: Child[] = [];
  readonly #stage: Stage;

  constructor(harness: Harness, stage: Stage = SHARED) {
    this.#harness = harness;
    this.#stage = stage;
    this.#patienceMs = parseDuration(harness.patience ?? '10s');
    this.persistence = harness.persistence;
    this.service = uniqueName('service');
    this.topic = this.newTopic();
  }

  /** Runs one test and ends what it began; cuts it off when it hangs. */
  static async play(
    harness: Harness,
    body: (scenario: Scenario) => Promise<void>,
    stage: Stage = SHARED,
  ): Promise<void> {
    const scenario = new Scenario(harness, stage);
    try {
      await scenario.#cutOff(body(scenario));
    } finally {
      await scenario.end();
    }
  }

  /** The broker that this test may break. @throws where the test did not ask for one */
  get broker(): BrokenBroker {
    if (this.#stage.broker === undefined) throw new Error('the test uses a broker without asking for it');
    return this.#stage.broker;
  }

  /** A look into the broker, by a client that knows nothing of ebus. */
  get log(): Required<LogAccess> {
    if (this.#stage.log === undefined) throw new Error('the test uses the log without asking for it');
    return this.#stage.log as Required<LogAccess>;
  }

  /** How long a silent member keeps its deliveries. */
  get leaseMs(): number {
    return this.#harness.leases?.ms ?? 0;
  }

  get invalidTopics(): readonly string[] {
    return this.#harness.invalidTopics ?? [];
  }

  /** A further topic; buses created from now on have it configured. */
  newTopic(persistence: Persistence = this.persistence): string {
    const topic = uniqueName('topic');
    this.#topics[topic] = { ...this.#harness.topicOptions, persistence };
    return topic;
  }

  /** A new bus on the harness' broker with the topics so far. Several buses are several instances of one service. */
  async bus(options: BusOptions = {}): Promise<EventBus> {
    const { transport } = this.#harness;
    const bus = await createEventBus(this.config(options.config), {
      logger: silent,
      ...options.createOptions,
      plugins: [options.wire?.wrap(transport) ?? transport],
    });
    this.#buses.push(bus);
    return bus;
  }

  /** What buses are made of. */
  config(over: CommonConfig = {}): EventBusConfig {
    return merge(this.#harness.config, this.#stage.overlay, this.#commonConfig(), over);
  }

  /** A member of the service in a process of its own. Its reports come as they are written. */
  spawn(
    task: Partial<ProcessTask> = {},
    onReport?: (report: ProcessReport) => void,
    config: CommonConfig = {},
  ): Child {
    const { program } = this.#harness;
    if (program === undefined) throw new Error('the test uses a program without asking for it');
    const all = { config: this.config(config), topic: this.topic, options: {}, ...task };
    const child = new Child(program, all, onReport);
    this.#children.push(child);
    return child;
  }

  /** The same, once its subscription stands. */
  async spawnConsumer(
    task: Partial<ProcessTask> = {},
    onReport?: (report: ProcessReport) => void,
  ): Promise<Child> {
    const child = this.spawn(task, onReport);
    await this.started(() => child.has('subscribed'), 'the process has subscribed');
    return child;
  }

  /** Blocks a handler; the end of the test opens it in any case. */
  gate(): Deferred {
    const gate = new Deferred();
    this.#gates.push(gate);
    return gate;
  }

  /** Resolves once `check` neither throws nor answers `false`. @throws what it threw last, out of patience */
  eventually(check: () => unknown, what?: string): Promise<void> {
    return eventually(this.#patienceMs, check, what);
  }

  /** The same for what a process does first: starting one takes long on a machine that is busy. */
  started(check: () => unknown, what: string): Promise<void> {
    return eventually(this.#patienceMs * 3, check, what);
  }

  /** What a dead-letter topic holds, once it holds at least `count`. Read in a group of its own. */
  async deadLetters(bus: EventBus, count = 1, topic = `${this.topic}.dlq`): Promise<readonly Message[]> {
    const reader: Collector<Message> = collectMessages();
    const subscription = await bus.subscribe(topic, reader.handle, {
      group: uniqueName('dead-letter-reader'),
      from: 'earliest',
      concurrency: 1,
    });
    await this.eventually(
      () => reader.size >= count,
      `${count} dead letters on ${topic}, got ${reader.size}`,
    );
    await subscription.close();
    return reader.items;
  }

  async end(): Promise<void> {
    for (const gate of this.#gates) gate.resolve();
    await Promise.all(this.#children.map((child) => child.kill()));
    await this.#stage.broker?.mend();
    await Promise.all(this.#buses.map((bus) => bus.close({ timeout: END_TIMEOUT_MS })));
  }

  #commonConfig(): CommonConfig {
    const errorHandling = { retryBackoffBase: 1, retryBackoffMax: 5 };
    return {
      serviceName: this.service,
      publisher: { errorHandling },
      subscriber: { errorHandling },
      topics: { ...this.#topics },
    };
  }

  async #cutOff(body: Promise<void>): Promise<void> {
    const limit = this.#patienceMs * (this.#stage === SHARED ? 1.5 : 4);
    const late = new Deferred<never>();
    const timer = setTimeout(() => late.reject(new Error(`the test still ran after ${limit} ms`)), limit);
    try {
      await Promise.race([body, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
