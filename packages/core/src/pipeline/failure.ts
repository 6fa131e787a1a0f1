/** The action for a failed attempt: a pure decision. */

/** The possible actions after a failed attempt. */
export const FAILURE_ACTIONS = ['retry', 'dead-letter', 'discard', 'halt', 'park'] as const;
/**
 * The action after a failed attempt. `park`: the message and the later ones of its key go to the dead-letter topic, in order,
 * until the key is redriven.
 */
export type FailureAction = (typeof FAILURE_ACTIONS)[number];
/** The action after the last attempt. */
export type ExhaustedAction = Exclude<FailureAction, 'retry'>;

/** A failed attempt, as the decision sees it. */
export interface Failure {
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** Retries allowed after the first attempt. */
  readonly maxRetries: number;
  /** Trying again cannot help: a `PermanentError`, an undecodable message, an invalid envelope or payload. */
  readonly permanent: boolean;
  /** The answer of the subscription's `onError`, where there is one. */
  readonly verdict: FailureAction | undefined;
  readonly onExhausted: ExhaustedAction;
}

/** `retry` ends with the attempts, and never applies to permanent failures; any other verdict is final. */
export function decideFailure(failure: Failure): FailureAction {
  if (failure.verdict !== undefined && failure.verdict !== 'retry') return failure.verdict;
  if (failure.permanent || failure.attempts > failure.maxRetries) return failure.onExhausted;
  return 'retry';
}
