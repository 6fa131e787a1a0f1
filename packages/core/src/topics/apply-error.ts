/** Configuring several topics failed for some of them. */
import { EbusError } from '../errors.js';
import type { TopicOutcome } from './types.js';

/** One topic that could not be configured, and why. */
export interface TopicFailure {
  readonly topic: string;
  readonly error: EbusError;
}

/** Some topics could not be configured. Retryable if each of its failures is. */
export class TopicApplyError extends EbusError {
  static override readonly kind: string = 'TopicApplyError';

  /** In the order in which the topics were given. */
  readonly failures: readonly TopicFailure[];
  /** Of the topics that were configured; they stay so. */
  readonly outcomes: readonly TopicOutcome[];

  constructor(failures: readonly TopicFailure[], outcomes: readonly TopicOutcome[]) {
    const [first] = failures;
    const list = failures.slice(0, 10).map(({ topic, error }) => `${topic}: ${error.message}`);
    if (failures.length > list.length) list.push(`and ${failures.length - list.length} more`);
    const total = failures.length + outcomes.length;
    super(`${failures.length} of ${total} topics could not be configured: ${list.join('; ')}`, {
      code: 'TOPIC_APPLY_FAILED',
      retryable: failures.every(({ error }) => error.retryable),
      cause: first?.error,
    });
    this.failures = failures;
    this.outcomes = outcomes;
  }
}
