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
import type { Harness } from '../harness.js';
import { type Collector, collectMessages } from './collector.js';
import { Deferred } from './deferred.js';
import { eventually } from './eventually.js';
import { uniqueName } from './unique-name.js';
import type { Wire } from './wire.js';

/** How long buses may drain at the end of a test, when nothing should be running any more. */
const END_TIMEOUT_MS = 500;

export interface BusOptions {
  /** Laid over the harness' configuration; sections are merged. */
  config?: CommonConfig;
  createOptions?: Omit<CreateEventBusOptions, 'plugins' | 'registry'>;
  /** Put between this bus and its driver. */
  wire?: Wire;
}

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

  constructor(harness: Harness) {
    this.#harness = harness;
    this.#patienceMs = parseDuration(harness.patience ?? '10s');
    this.persistence = harness.persistence;
    this.service = uniqueName('service');
    this.topic = this.newTopic();
  }

  /** Runs one test and ends what it began; cuts it off when it hangs. */
  static async play(harness: Harness, body: (scenario: Scenario) => Promise<void>): Promise<void> {
    const scenario = new Scenario(harness);
    try {
      await scenario.#cutOff(body(scenario));
    } finally {
      await scenario.end();
    }
  }

  /** A further topic; buses created from now on have it configured. */
  newTopic(persistence: Persistence = this.persistence): string {
    const topic = uniqueName('topic');
    this.#topics[topic] = { ...this.#harness.topicOptions, persistence };
    return topic;
  }

  /** A new bus on the harness' broker with the topics so far. Several buses are several instances of one service. */
  async bus(options: BusOptions = {}): Promise<EventBus> {
    const { transport, config } = this.#harness;
    const bus = await createEventBus(merge(config, this.#commonConfig(), options.config ?? {}), {
      logger: silent,
      ...options.createOptions,
      plugins: [options.wire?.wrap(transport) ?? transport],
    });
    this.#buses.push(bus);
    return bus;
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
    const limit = this.#patienceMs * 1.5;
    const late = new Deferred<never>();
    const timer = setTimeout(() => late.reject(new Error(`the test still ran after ${limit} ms`)), limit);
    try {
      await Promise.race([body, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Later ones win, key by key through all plain objects. */
function merge(...configs: readonly (EventBusConfig | CommonConfig)[]): EventBusConfig {
  return configs.reduce((all: object, config) => mergeObjects(all, config), {}) as EventBusConfig;
}

function mergeObjects(base: object, over: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isPlain(present) && isPlain(value) ? mergeObjects(present, value) : value;
  }
  return merged;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
