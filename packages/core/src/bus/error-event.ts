/** The events of `bus.on('error')`: every failure that the bus itself notices. */
import type { FailureAction } from '../pipeline/failure.js';
import type { Message } from '../pipeline/message.js';
import type { MessageIds } from '../pipeline/message-ids.js';

interface Failure {
  /** As it was thrown. */
  readonly error: unknown;
  /** Its text as it may leave the process: without secrets, on one line, at most 1,000 characters. */
  readonly errorMessage: string;
}

interface OfSubscription extends Failure {
  readonly topic: string;
  readonly group: string;
}

interface OfMessage extends OfSubscription, MessageIds {
  readonly message: Message;
}

/** An attempt to handle a message failed. */
export interface HandlerFailure extends OfMessage {
  readonly source: 'handler';
  readonly attempt: number;
  /** The action for the message. */
  readonly action: FailureAction;
}

/** A message was dead-lettered, with the error that its handler failed with. */
export interface DeadLetterFailure extends OfMessage {
  readonly source: 'dead-letter';
  readonly deadLetterTopic: string;
  readonly attempts: number;
}

/** A key, or an unordered subscription, stands still until `retryHalted` or `skipHalted`. */
export interface HaltFailure extends OfMessage {
  readonly source: 'halt';
}

/** A letter of a parked key was redriven, and failed again: the key stays parked, from that letter on. */
export interface ParkedFailure extends OfSubscription {
  readonly source: 'parked';
  readonly key: string;
  readonly deadLetterTopic: string;
}

/**
 * Fetching or settling failed, or a dead letter could not be written, or not be read to tell which keys are parked: it is tried
 * again, and no message is lost.
 */
export interface SubscriptionFailure extends OfSubscription {
  readonly source: 'receive' | 'settle' | 'dead-letter-write' | 'dead-letter-read';
}

/** Partitions were lost to another member before begun messages could be settled: those are handled again there. */
export interface AssignmentFailure extends OfSubscription {
  readonly source: 'assignment';
  readonly partitions: readonly number[];
}

/** The connection was lost, or could not be made again. */
export interface ConnectionFailure extends Failure {
  readonly source: 'connection';
  readonly status: 'reconnecting' | 'failed';
}

/** A listener of another event threw, or rejected. */
export interface ListenerFailure extends Failure {
  readonly source: 'listener';
  readonly event: string;
}

/** One failure; `source` says where it happened and which other members there are. */
export type BusErrorEvent =
  | HandlerFailure
  | DeadLetterFailure
  | HaltFailure
  | ParkedFailure
  | SubscriptionFailure
  | AssignmentFailure
  | ConnectionFailure
  | ListenerFailure;
