/** One connection to the server: a pool for requests, and a client that listens. `reconnect` makes another one. */
import { ConnectionError, reasonOf } from '@ebus/core/driver';
import { Client, type ClientBase, Pool, type QueryResultRow } from 'pg';
import { address } from './errors.js';
import type { PostgresSettings } from './postgres-config.js';
import { schemaStatements } from './schema.js';

export interface LinkEvents {
  /** A topic has new messages, or messages that were handed back. */
  notified(topic: string): void;
  /** The connection broke after `open`; told once, never after `end`. */
  broken(cause: unknown): void;
}

export class Link {
  readonly #settings: PostgresSettings;
  readonly #events: LinkEvents;
  readonly #pool: Pool;
  readonly #listener: Client;
  readonly #clients = new Set<ClientBase>();
  #ended = false;

  private constructor(settings: PostgresSettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
    const { url, requestTimeout } = settings;
    const options = {
      connectionString: url,
      connectionTimeoutMillis: requestTimeout,
      query_timeout: requestTimeout,
      // Also on the server: a request that was given up is not carried out later.
      statement_timeout: requestTimeout,
      keepAlive: true,
      application_name: 'ebus',
    };
    this.#pool = new Pool({ ...options, max: 6 });
    // Without a listener an idle client's error ends the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => void this.#clients.add(client));
    this.#pool.on('remove', (client) => void this.#clients.delete(client));
    this.#listener = new Client(options);
  }

  /** One attempt: connects, creates what is missing, listens. */
  static async open(settings: PostgresSettings, events: LinkEvents): Promise<Link> {
    const link = new Link(settings, events);
    try {
      await link.#open();
      return link;
    } catch (error) {
      link.end();
      throw error;
    }
  }

  async #open(): Promise<void> {
    this.#listener.on('error', (error) => this.#broken(error));
    this.#listener.on('end', () => this.#broken(undefined));
    this.#listener.on('notification', ({ payload = '' }) => this.#events.notified(payload));
    await this.#listener.connect();
    const { schema } = this.#settings;
    await this.#listener.query(`BEGIN; ${schemaStatements(schema)} COMMIT; LISTEN ${schema}`);
  }

  #broken(cause: unknown): void {
    if (this.#ended) return;
    this.end();
    this.#events.broken(cause ?? new Error('the server closed the connection'));
  }

  /** Runs one statement. `$S` in it stands for the schema. */
  async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { schema, url } = this.#settings;
    if (this.#ended) throw new ConnectionError(`the connection to PostgreSQL at ${address(url)} is closed`);
    const sql = text.replaceAll('$S', schema);
    try {
      return (await this.#pool.query<Row>(sql, [...values])).rows;
    } catch (error) {
      if (!this.#ended) throw error;
      const message = `the connection to PostgreSQL at ${address(url)} ended: ${reasonOf(error)}`;
      throw new ConnectionError(message, { cause: error });
    }
  }

  /** Closes every connection at once: requests that are under way reject. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    // A client in the middle of a request closes its socket without waiting.
    for (const client of this.#clients) void (client as Client).end().catch(() => {});
    void this.#pool.end().catch(() => {});
    void this.#listener.end().catch(() => {});
  }
}
