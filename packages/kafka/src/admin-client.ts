/**
 * kafkajs' admin client: connected when it is first needed, and gone at once when it is closed, even if brokers do
 * not answer.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import kafkajs, { type Admin, type ISocketFactory, type LogEntry } from 'kafkajs';
import { adminConfig } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';

const KEEP_ALIVE_MS = 60_000;

type LogEntryListener = (entry: LogEntry) => void;

/** One admin client of kafkajs. Concurrent calls of `connect` share one attempt; a failed attempt may be repeated. */
export class AdminClient {
  readonly #admin: Admin;
  readonly #sockets = new Set<Socket>();
  #connecting: Promise<Admin> | undefined;
  #closed = false;
  /** Once it is connected. */
  connected: Admin | undefined;
  #refused: { readonly group: string; readonly error: unknown } | undefined;

  readonly #ledTopic: () => Promise<string | undefined>;

  /**
   * Reads the files for TLS. @throws ConfigError for one that cannot be read
   * @param ledTopic a topic of which each partition has a leader. Without one, this client asks for all topics before each question,
   * and fails where one of them has no leader, whoever's it is
   */
  constructor(config: ResolvedKafkaConfig, serviceName: string, ledTopic: () => Promise<string | undefined>) {
    this.#ledTopic = ledTopic;
    const settings = adminConfig(config, serviceName);
    this.#admin = new kafkajs.Kafka({
      ...settings,
      logLevel: kafkajs.logLevel.DEBUG,
      logCreator: () => this.#heard,
      // Without brokers it gives up at once what it would try again for long.
      brokers: () => (this.#closed ? [] : [...config.brokers]),
      socketFactory: this.#socket,
    }).admin();
  }

  connect(): Promise<Admin> {
    this.#connecting ??= (async () => {
      await this.#admin.connect();
      const topic = await this.#ledTopic();
      // The first topic whose offsets it is asked for is all that it looks at from then on; nobody needs the answer.
      if (topic !== undefined) await this.#admin.fetchTopicOffsets(topic).catch(() => {});
      this.connected = this.#admin;
      return this.#admin;
    })().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  /** Why no broker answers for the group, which the client's own error leaves out. Of the group that was refused last. */
  refusalOf(group: string): unknown {
    return this.#refused?.group === group ? this.#refused.error : undefined;
  }

  readonly #heard: LogEntryListener = ({ log: { groupId, error } }) => {
    if (typeof groupId === 'string' && /AUTHORIZATION_FAILED/.test((error as { type?: string })?.type ?? ''))
      this.#refused = { group: groupId, error };
  };

  /** Pending requests fail. By itself the client waits for answers, and so would the process. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.destroy(new Error('the client was closed'));
    this.#admin.disconnect().catch(() => {});
  }

  readonly #socket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#closed) throw new Error('the client was closed');
    const tls: TlsOptions = { host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl };
    const socket = ssl ? connectTls(tls, onConnect) : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };
}
