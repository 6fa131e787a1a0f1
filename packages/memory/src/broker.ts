/** Brokers: the topics of a process, private to one bus or shared under a name. */
import { ConfigError, type DriverHost, type Persistence } from '@ebus/core/driver';
import type { MemoryConfig } from './memory-config.js';
import { type LogBounds, TopicLog } from './topic-log.js';

/** The contents of a broker at the moment; for tests and inspection. */
export interface BrokerView {
  /** Undefined for a private broker. */
  readonly name: string | undefined;
  topics(): readonly TopicView[];
}

/** One topic at one moment. Offsets count messages from 0. */
export interface TopicView {
  readonly name: string;
  readonly persistence: Persistence;
  /** The offset of the oldest message kept. */
  readonly start: number;
  /** The offset of the next message. */
  readonly end: number;
  /** The sum of the values' sizes. */
  readonly bytes: number;
  /** Sends that wait for room. */
  readonly waitingSends: number;
  readonly groups: readonly GroupView[];
}

/** One group of a topic at one moment. */
export interface GroupView {
  readonly name: string;
  readonly durable: boolean;
  readonly members: number;
  /** Messages that the group has not settled, delivered or not. */
  readonly unsettled: number;
}

/** The topics of one broker. It lives as long as a bus or, named, as long as the process. */
export class MemoryBroker implements BrokerView {
  readonly name: string | undefined;
  readonly bounds: LogBounds;
  readonly #logs = new Map<string, TopicLog>();

  constructor(config: MemoryConfig = {}) {
    this.name = config.broker;
    this.bounds = {
      maxChannelSize: config.maxChannelSize ?? 100_000,
      bufferSize: config.bufferSize ?? 1_000,
    };
  }

  /** The topic's log, created on first use with the persistence that the user expects. */
  log(topic: string, persistence: Persistence, host: DriverHost): TopicLog {
    let log = this.#logs.get(topic);
    if (log === undefined) {
      log = new TopicLog(topic, { persistence }, this.bounds, host);
      this.#logs.set(topic, log);
    }
    return log;
  }

  find(topic: string): TopicLog | undefined {
    return this.#logs.get(topic);
  }

  logs(): Iterable<TopicLog> {
    return this.#logs.values();
  }

  topics(): readonly TopicView[] {
    return Array.from(this.#logs.values(), viewOf);
  }
}

function viewOf(log: TopicLog): TopicView {
  const { name, persistence, start, end, bytes } = log;
  const groups = log.groups.map(
    (group): GroupView => ({
      name: group.name,
      durable: group.durable,
      members: group.members,
      unsettled: group.unsettledCount,
    }),
  );
  return { name, persistence, start, end, bytes, waitingSends: log.queue.length, groups };
}

const named = new Map<string, MemoryBroker>();

/**
 * The broker a configuration asks for. A named one is made by the first bus that names it and stays for the life of
 * the process, so that a bus that is closed and created anew finds its durable groups where it left them.
 * @throws ConfigError where the named broker exists with other bounds
 */
export function brokerFor(config: MemoryConfig): MemoryBroker {
  const { broker: name } = config;
  if (name === undefined) return new MemoryBroker(config);
  let broker = named.get(name);
  if (broker === undefined) {
    broker = new MemoryBroker(config);
    named.set(name, broker);
  }
  requireSameBounds(name, broker.bounds, config);
  return broker;
}

/**
 * Forgets a named broker with all its topics: the next bus that names it gets an empty one. Buses that are connected
 * keep the old one among themselves. For tests.
 */
export function resetMemoryBroker(name: string): void {
  named.delete(name);
}

function requireSameBounds(name: string, actual: LogBounds, wanted: MemoryConfig): void {
  for (const key of ['maxChannelSize', 'bufferSize'] as const) {
    if (wanted[key] === undefined || wanted[key] === actual[key]) continue;
    const message = `memory broker '${name}' exists with ${actual[key]}; give all its buses the same value, or only one`;
    throw new ConfigError(`memory.${key}: ${message}`, { problems: [{ path: `memory.${key}`, message }] });
  }
}
