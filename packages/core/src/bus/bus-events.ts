/** The events of a bus, and the emitter that delivers them. */
import type { PublisherBacklogState, SubscriberBacklogEvent } from '../backlog/types.js';
import { ConfigError, type EbusError } from '../errors.js';
import type { HealthAlert, HealthCheckEvent } from '../health/types.js';
import type { Logger } from '../logger.js';
import type { PublishReceipt } from '../pipeline/context.js';
import type { FailureAction } from '../pipeline/failure.js';
import type { Message } from '../pipeline/message.js';
import type { MessageIds } from '../pipeline/message-ids.js';
import { type Disclose, disclosed } from '../util/disclose.js';
import { nearest } from '../util/nearest.js';
import { func, required } from '../util/option-kinds.js';
import { checkArgument } from '../util/options.js';
import { isPromise } from '../util/promise.js';
import { shown } from '../util/shown.js';
import type { BusErrorEvent } from './error-event.js';

const LISTENER = required(func);

/** Names the subscription that an event is about. */
export interface SubscriptionEvent {
  readonly topic: string;
  readonly group: string;
}

/** This member has these partitions from now on. */
export interface AssignedEvent extends SubscriptionEvent {
  /** Those that were added. */
  readonly partitions: readonly number[];
}

/**
 * Another member has these partitions from now on. `lost`: without a handover, so that begun messages come again
 * there.
 */
export interface RevokedEvent extends SubscriptionEvent {
  readonly partitions: readonly number[];
  /**
   * They were gone before this member could finish and commit; messages that it had begun are handled again
   * elsewhere.
   */
  readonly lost: boolean;
}

/** The ids are those of the envelope; without one there is only the key. */
export interface PublishedEvent extends MessageIds {
  readonly topic: string;
  readonly receipt: PublishReceipt;
  /** The broker had this id before this process sent it: the message is not stored a second time. */
  readonly duplicate: boolean;
}

/** A publish was rejected, with the ids of its message. */
export interface PublishFailedEvent extends MessageIds {
  readonly topic: string;
  readonly error: EbusError;
  /** The error's text as it may leave the process. */
  readonly errorMessage: string;
}

/** An attempt to handle a message failed; `action` is the consequence. */
export interface HandlerErrorEvent extends SubscriptionEvent, MessageIds {
  readonly error: unknown;
  /** The error's text as it may leave the process: without secrets, on one line, at most 1,000 characters. */
  readonly errorMessage: string;
  readonly message: Message;
  readonly attempt: number;
  /** The action for the message. */
  readonly action: FailureAction;
}

/** A message was dead-lettered, and its letter is acknowledged. */
export interface DeadLetteredEvent extends SubscriptionEvent, MessageIds {
  readonly error: unknown;
  readonly errorMessage: string;
  readonly message: Message;
  readonly deadLetterTopic: string;
  readonly attempts: number;
  /** Set where the key of the message is parked: with the failed message (`attempts` above 0), or behind it. */
  readonly parkedKey?: string;
}

/** A message could not be handled, and its key (or an unordered subscription) stands still. */
export interface HaltedEvent extends SubscriptionEvent, MessageIds {
  readonly error: unknown;
  readonly errorMessage: string;
  readonly message: Message;
  /** The key that stands still; empty where the whole (unordered) subscription does. */
  readonly key: string;
}

/** A handler has not returned although its processing timeout has passed and its signal is aborted. */
export interface OverrunningEvent extends SubscriptionEvent {
  readonly message: Message;
  readonly attempt: number;
}

/** The connection changed; `error` is the cause, where the client gave one. */
export interface ConnectionEvent {
  readonly error?: unknown;
}

/** Listeners may be async; one that throws is logged and disturbs no other. */
export interface BusEvents {
  /**
   * Every failure that the bus itself notices, in one place; `source` says which. How a publish failed its caller is told,
   * and `publishFailed`.
   */
  error(event: BusErrorEvent): void | Promise<void>;
  /** A publish was acknowledged. */
  published(event: PublishedEvent): void | Promise<void>;
  /** A publish was rejected. */
  publishFailed(event: PublishFailedEvent): void | Promise<void>;
  /** A publish has waited for a second because a reader of `publishResults()` does not read. */
  resultsStalled(event: Record<string, never>): void | Promise<void>;
  /** A subscription was made: it is assigned and positioned. */
  subscribed(event: SubscriptionEvent): void | Promise<void>;
  /** A subscription was closed. */
  unsubscribed(event: SubscriptionEvent): void | Promise<void>;
  /** Partitions of the topic are this member's from now on, where the transport shares topics by partition. */
  assigned(event: AssignedEvent): void | Promise<void>;
  /** Partitions of the topic are no longer this member's. */
  revoked(event: RevokedEvent): void | Promise<void>;
  /** An attempt to handle a message failed. */
  handlerError(event: HandlerErrorEvent): void | Promise<void>;
  /** A message was dead-lettered, and its letter is acknowledged. */
  deadLettered(event: DeadLetteredEvent): void | Promise<void>;
  /** A key, or an unordered subscription, stands still until `retryHalted` or `skipHalted`. */
  halted(event: HaltedEvent): void | Promise<void>;
  /** A handler was aborted at its processing timeout and has not returned. */
  overrunning(event: OverrunningEvent): void | Promise<void>;
  /** The connection was made, or made again. */
  connected(event: ConnectionEvent): void | Promise<void>;
  /** The connection is gone for good, or the bus closed it; `error` is the cause, where there is one. */
  disconnected(event: ConnectionEvent): void | Promise<void>;
  /** The connection was lost, and is being made again; `error` is the cause, where the client gave one. */
  reconnecting(event: ConnectionEvent): void | Promise<void>;
  /** The connection is back, by the client itself or by ebus. Listeners run one after another, in registration order. */
  reconnected(event: ConnectionEvent): void | Promise<void>;
  /** The backlog of publishes: on each change of severity, and on each look while there is too much. */
  publisherBacklog(event: PublisherBacklogState): void | Promise<void>;
  /** The backlog of messages: on each look while there is too much, once when cleared, and where it cannot be asked. */
  subscriberBacklog(event: SubscriberBacklogEvent): void | Promise<void>;
  /** A health probe was acknowledged, or failed. */
  healthCheck(event: HealthCheckEvent): void | Promise<void>;
  /** Probes are missing, once for each severity, or (`recovered`) come again. */
  healthAlert(event: HealthAlert): void | Promise<void>;
}

/** An object, so that the compiler misses none. */
const EVENTS: Readonly<Record<keyof BusEvents, true>> = {
  error: true,
  published: true,
  publishFailed: true,
  resultsStalled: true,
  subscribed: true,
  unsubscribed: true,
  assigned: true,
  revoked: true,
  handlerError: true,
  deadLettered: true,
  halted: true,
  overrunning: true,
  connected: true,
  disconnected: true,
  reconnecting: true,
  reconnected: true,
  publisherBacklog: true,
  subscriberBacklog: true,
  healthCheck: true,
  healthAlert: true,
};

/**
 * Delivers events to listeners, in the order of their registration. A listener that throws or rejects disturbs no
 * other.
 */
export class Emitter {
  readonly #logger: Logger;
  readonly #disclose: Disclose;
  readonly #listeners = new Map<keyof BusEvents, readonly ((event: never) => void | Promise<void>)[]>();

  constructor(logger: Logger, disclose: Disclose = disclosed) {
    this.#logger = logger;
    this.#disclose = disclose;
  }

  has(event: keyof BusEvents): boolean {
    return this.#listeners.has(event);
  }

  /** Adds a listener; the function returned removes it. */
  on<E extends keyof BusEvents>(event: E, listener: BusEvents[E]): () => void {
    if (!Object.hasOwn(EVENTS, event)) {
      const near = nearest(String(event), Object.keys(EVENTS));
      const hint =
        near === undefined ? `; there are ${Object.keys(EVENTS).join(', ')}` : `, did you mean '${near}'?`;
      throw new ConfigError(`on: there is no event '${shown(event)}'${hint}`);
    }
    checkArgument(`on('${event}', listener): listener`, listener, LISTENER);
    // A wrapper, so that the same function added twice is removed one by one.
    const entry = (payload: never) => (listener as (payload: never) => void | Promise<void>)(payload);
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), entry]);
    return () => {
      const left = (this.#listeners.get(event) ?? []).filter((other) => other !== entry);
      if (left.length === 0) this.#listeners.delete(event);
      else this.#listeners.set(event, left);
    };
  }

  emit<E extends keyof BusEvents>(event: E, payload: Parameters<BusEvents[E]>[0]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      const failed = (err: unknown) => this.#failed(event, err);
      try {
        const outcome = listener(payload as never);
        if (isPromise(outcome)) Promise.resolve(outcome).catch(failed);
      } catch (err) {
        failed(err);
      }
    }
  }

  /** The same, each listener called once the one before it is done. Never rejects. */
  async emitInTurn<E extends keyof BusEvents>(event: E, payload: Parameters<BusEvents[E]>[0]): Promise<void> {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        await listener(payload as never);
      } catch (err) {
        this.#failed(event, err);
      }
    }
  }

  /** Errors of `error` listeners are only logged: events would go in circles. */
  #failed(event: keyof BusEvents, error: unknown): void {
    this.#logger.error({ err: error, event }, 'an event listener failed');
    if (event === 'error') return;
    this.emit('error', { source: 'listener', event, error, errorMessage: this.#disclose(error) });
  }
}
