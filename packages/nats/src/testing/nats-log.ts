/** What a server holds, looked at and changed by a client that knows nothing of ebus. */
import type { LogAccess, StoredMessage } from '@ebus/conformance';
import { AckPolicy, JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { consumerName, streamName } from '../names.js';

const STREAM_NOT_FOUND = 10059;

/** Requests at once. */
const CHUNK = 100;
const ATTEMPTS = 10;
const TIMEOUT_MS = 5_000;

export class NatsLog implements LogAccess {
  readonly #url: () => string;
  readonly #login: { user: string; pass: string } | undefined;
  readonly #isPartitioned: boolean;
  #connecting: Promise<NatsConnection> | undefined;

  /** @param isPartitioned its topics have partitions */
  constructor(url: () => string, login?: { user: string; pass: string }, isPartitioned = false) {
    this.#isPartitioned = isPartitioned;
    this.#url = url;
    this.#login = login;
  }

  async stored(topic: string): Promise<StoredMessage[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#read(topic);
      } catch (error) {
        // A server that has just come back does not answer everything.
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #read(topic: string): Promise<StoredMessage[]> {
    const manager = await this.#manager();
    const info = await manager.streams.info(streamName(topic)).catch(undefinedIfMissing);
    if (info === undefined) return [];
    const { first_seq: first, last_seq: last } = info.state;
    const stored: StoredMessage[] = [];
    for (let from = first; from <= last; from += CHUNK) {
      const sequences = Array.from({ length: Math.min(CHUNK, last - from + 1) }, (_, i) => from + i);
      const found = await Promise.all(
        sequences.map((seq) => manager.streams.getMessage(streamName(topic), { seq })),
      );
      for (const message of found) {
        if (message === null) continue;
        const key = message.header.get('X-Aggregate-ID');
        stored.push({ value: message.string(), ...(key === '' ? {} : { key }) });
      }
    }
    return stored;
  }

  async write(topic: string, message: StoredMessage): Promise<void> {
    const connection = await this.#connection();
    const list = headers();
    if (message.key !== undefined) list.set('X-Aggregate-ID', message.key);
    for (const [name, value] of Object.entries(message.headers ?? {})) list.append(name, value);
    connection.publish(topic, message.value, { headers: list });
    await connection.flush();
  }

  async readers(topic: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of (await this.#manager()).consumers.list(streamName(topic))) names.push(name);
    return names;
  }

  async remove(topic: string): Promise<void> {
    await (await this.#manager()).streams.delete(streamName(topic));
  }

  async recreate(topic: string): Promise<void> {
    const { streams } = await this.#manager();
    const { config } = await streams.info(streamName(topic));
    await streams.delete(config.name);
    await streams.add(config);
  }

  async trim(topic: string, keep: number): Promise<void> {
    await (await this.#manager()).streams.purge(streamName(topic), { keep });
  }

  /** A push consumer without acknowledgements has the name that the group's own would have. */
  async occupy(topic: string, group: string): Promise<() => Promise<void>> {
    const { consumers } = await this.#manager();
    const name = `${consumerName(group, topic)}${this.#isPartitioned ? '-all' : ''}`;
    await consumers.add(streamName(topic), {
      durable_name: name,
      deliver_subject: `foreign.${name.replaceAll('.', '_')}`,
      ack_policy: AckPolicy.None,
    });
    return async () => void (await consumers.delete(streamName(topic), name));
  }

  async close(): Promise<void> {
    await (await this.#connecting)?.close();
    this.#connecting = undefined;
  }

  #connection(): Promise<NatsConnection> {
    this.#connecting ??= connect({
      servers: this.#url().replace('nats://', ''),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      ...this.#login,
    });
    return this.#connecting;
  }

  async #manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.#connection(), { checkAPI: false, timeout: TIMEOUT_MS });
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
  throw error;
}
