/** One connection to the server: a pool for requests, and a client that listens. `reconnect` makes another one. */
import { abortError, ConnectionError, within } from '@ebus/core/driver';
import { Client, type ClientBase, Pool } from 'pg';
import { address } from './errors.js';
import type { PostgresSettings } from './postgres-config.js';
import { schemaStatements } from './schema.js';

export interface LinkEvents {
  /** A topic has new messages, or messages that were handed back. */
  notified(topic: string): void;
  /** The connection broke after `open`; told once, never after `end`. */
  broken(cause: unknown): void;
}

/** How long after the end of a request's time the server may take to say so. */
const SILENCE_MS = 1_000;

export class Link {
  readonly #settings: PostgresSettings;
  readonly #events: LinkEvents;
  readonly #pool: Pool;
  readonly #listener: Client;
  readonly #clients = new Set<ClientBase>();
  readonly #end = new AbortController();

  private constructor(settings: PostgresSettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
    const { url, requestTimeout } = settings;
    const options = {
      connectionString: url,
      connectionTimeoutMillis: requestTimeout,
      // On the server: a request that was given up is not carried out later.
      statement_timeout: requestTimeout,
      // Here, for a server that does not answer at all.
      query_timeout: requestTimeout + SILENCE_MS,
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
    if (this.#end.signal.aborted) return;
    this.end();
    this.#events.broken(cause ?? new Error('the server closed the connection'));
  }

  /** Runs one statement. `$S` in it stands for the schema. */
  async query<Row extends object>(
    text: string,
    values: readonly unknown[] = [],
    signal?: AbortSignal,
  ): Promise<Row[]> {
    if (this.#end.signal.aborted) throw this.#ended();
    const { schema, url } = this.#settings;
    const asked = this.#pool.query<Row>(text.replaceAll('$S', schema), [...values]);
    // The pool answers nobody who waits for a free client while it ends.
    const answer = within(asked, this.#end.signal, () => {
      throw this.#ended();
    });
    const limited =
      signal === undefined
        ? answer
        : within(answer, signal, () => {
            throw abortError(signal, `asking PostgreSQL at ${address(url)}`);
          });
    try {
      return (await limited).rows;
    } catch (error) {
      // A server that does not answer in time may have frozen: whoever waits for it waits in vain.
      if ((error as Error).message === 'Query read timeout') this.#broken(error);
      throw this.#end.signal.aborted ? this.#ended(error) : error;
    }
  }

  #ended(cause?: unknown): ConnectionError {
    if (ConnectionError.isInstance(cause)) return cause;
    const message = `the connection to PostgreSQL at ${address(this.#settings.url)} ended`;
    return new ConnectionError(message, { cause });
  }

  /** Closes every connection at once: requests that are under way reject. */
  end(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    // A client in the middle of a request closes its socket without waiting.
    for (const client of this.#clients) void (client as Client).end().catch(() => {});
    void this.#pool.end().catch(() => {});
    void this.#listener.end().catch(() => {});
  }
}
