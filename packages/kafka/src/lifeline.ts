/**
 * A client without any broker to ask, while there are some. librdkafka forgets every broker that an answer for metadata does not name. A
 * broker that its cluster has fenced names none, as after a start of the whole cluster; and that answer also cuts off the client's way
 * back to the configured ones (librdkafka 2.15, confluentinc/librdkafka#5301).
 */
import { type Clock, ConnectionError, pause } from '@ebus/core/driver';
import { isAlone } from './errors.js';
import { called } from './native-client.js';
import { unrefed } from './unrefed.js';

/** The part of a client that is asked. */
interface Askable {
  getMetadata(options: never, done: never): unknown;
}

interface LifelineOptions {
  readonly clock: Clock;
  readonly client: Askable;
  /** Aborts when nobody waits for the client any more. */
  readonly over: AbortSignal;
  /** Whether the cluster answers others. Never rejects. */
  isThere(): Promise<boolean>;
  /** It comes back no more, and another one is to take its place. */
  lost(cause: ConnectionError): void;
}

/** Between two looks. */
const BETWEEN_MS = 500;
/** A client that has a broker answers within it. Each question holds one of the few threads that the process has for such. */
const ANSWER_MS = 1_000;
/** So many questions in a row it may leave open, while the cluster answers others. */
const LOOKS = 4;

/** Looks after one client, once that says that it has no connection left. A client that comes back by itself is left alone. */
export class Lifeline {
  readonly #options: LifelineOptions;
  #isLooking = false;

  constructor(options: LifelineOptions) {
    this.#options = options;
  }

  /** What the client reports. */
  heard(error: unknown): void {
    if (isAlone(error)) this.doubt(error);
  }

  /** It was asked, and gave no answer. */
  doubt(error: unknown): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#look(error).finally(() => {
      this.#isLooking = false;
    });
  }

  async #look(cause: unknown): Promise<void> {
    const { clock, over, isThere, lost } = this.#options;
    for (let silent = 0; silent < LOOKS; ) {
      await pause(unrefed(clock), BETWEEN_MS, over);
      if (over.aborted) return;
      if (!(await isThere())) silent = 0;
      else if (await this.#answers()) return;
      else silent++;
    }
    if (over.aborted) return;
    lost(new ConnectionError('a Kafka client has lost all brokers, and others reach them', { cause }));
  }

  #answers(): Promise<boolean> {
    const asked = called((done) =>
      this.#options.client.getMetadata({ allTopics: false, timeout: ANSWER_MS } as never, done as never),
    );
    return asked.then(
      () => true,
      () => false,
    );
  }
}
