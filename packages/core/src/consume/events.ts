/** Events from a consumer to its bus. */
import type { FailureAction } from '../pipeline/failure.js';
import type { Attempt } from './attempt.js';
import type { Delivery } from './delivery.js';

/** Where a failure outside of handlers happened. */
export type SubscriptionTrouble = 'receive' | 'settle' | 'dead-letter-write' | 'dead-letter-read';

/** Receives each fact that is worth a log line or an event. */
export interface ConsumeEvents {
  /** `retryInMs`: where it is tried again. */
  handlerError(attempt: Attempt, error: unknown, action: FailureAction, retryInMs: number | undefined): void;
  /** `parked`: as a letter of a parked key, as its first one or behind others. */
  deadLettered(delivery: Delivery, error: unknown, parked?: 'first' | 'behind'): void;
  /** A letter of a parked key was redriven, and failed again. */
  parkedAgain(delivery: Delivery, error: unknown): void;
  halted(delivery: Delivery, error: unknown): void;
  overrunning(attempt: Attempt): void;
  assigned(partitions: readonly number[]): void;
  /** `why` in words, where they were lost and no other member has them: then the driver has told of it. */
  revoked(partitions: readonly number[], lost: boolean, why?: string): void;
  /** Another operation failed, and is tried again; `note` is the line for the log. */
  failed(source: SubscriptionTrouble, error: unknown, note: string, fields?: object): void;
}
