/** Whether the driver may be given anything to send: only while the connection is there. */
import { ConnectionError, type EbusError, reasonOf } from '../errors.js';

/** `away`: it may come back by itself. `failed`: it does not, unless the application asks for it. */
export type ConnectionPhase = 'connected' | 'away' | 'failed';

/**
 * Nothing is sent while it is shut. Each publish waits then until its own deadline, and is never sent
 * once its caller has given it up. Where the connection has failed for good, publishes are refused at once.
 */
export class ConnectionGate {
  readonly #system: string;
  readonly #onOpen: () => void;
  #phase: ConnectionPhase = 'connected';
  #cause: unknown;

  /** `onOpen`: releases the waiting publishes. */
  constructor(system: string, onOpen: () => void) {
    this.#system = system;
    this.#onOpen = onOpen;
  }

  get isOpen(): boolean {
    return this.#phase === 'connected';
  }

  set(phase: ConnectionPhase, cause?: unknown): void {
    this.#phase = phase;
    this.#cause = cause;
    if (phase === 'connected') this.#onOpen();
  }

  /** Why new publishes are refused; undefined where they are sent, or may be soon. */
  get refusal(): EbusError | undefined {
    if (this.#phase !== 'failed') return undefined;
    const text = `the connection to ${this.#system} has failed${this.#because()}; call connection.reconnect()`;
    return new ConnectionError(text, { retryable: true, cause: this.#cause });
  }

  /** The reason why publishes wait, in words; undefined while it is open. */
  get why(): string | undefined {
    return this.isOpen ? undefined : `there is no connection to ${this.#system}${this.#because()}`;
  }

  #because(): string {
    return this.#cause === undefined ? '' : `: ${reasonOf(this.#cause)}`;
  }
}
