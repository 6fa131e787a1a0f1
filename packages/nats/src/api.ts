/** JetStream's API on the present connection, with errors that name the request. */
import type { JetStreamManager } from '@nats-io/jetstream';
import { apiCode, explained } from './errors.js';

interface ApiOptions {
  readonly urls: readonly string[];
  /** JetStream is somewhere, though it may be away: a domain is configured, or the server says that it has it. */
  isThere(): boolean;
  /** @throws ConnectionError where there is no connection */
  manager(): JetStreamManager;
}

/** Asks JetStream's API. Calls may be concurrent; each fails on its own. */
export class Api {
  readonly #options: ApiOptions;
  #hasAnswered = false;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** @throws EbusError as `explained` makes it; errors of the API keep theirs as `cause` */
  async ask<T>(doing: string, call: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    try {
      const answer = await call(this.#options.manager());
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      if (apiCode(error) !== undefined) this.#hasAnswered = true;
      throw explained(doing, error, this.#options.urls, this.#hasAnswered || this.#options.isThere());
    }
  }

  /** The same, where one of these errors says that there is nothing. */
  async find<T>(
    doing: string,
    none: readonly number[],
    call: (manager: JetStreamManager) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.ask(doing, call);
    } catch (error) {
      if (none.includes(apiCode(error) ?? 0)) return undefined;
      throw error;
    }
  }
}
