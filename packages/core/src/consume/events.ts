/** What a subscription tells the bus while it works. */
import type { FailureAction } from '../pipeline/failure.js';
import type { Attempt } from './attempt.js';
import type { Delivery } from './delivery.js';

export interface ConsumeEvents {
  handlerError(attempt: Attempt, error: unknown, action: FailureAction): void;
  deadLettered(delivery: Delivery, error: unknown): void;
  halted(delivery: Delivery, error: unknown): void;
  overrunning(attempt: Attempt): void;
  assigned(partitions: readonly number[]): void;
  revoked(partitions: readonly number[], lost: boolean): void;
}
