/** Why an attempt failed where the handler did not say so, and the action that the application wants for it. */
import { PermanentError, ProcessingTimeoutError } from '../errors.js';
import type { Logger } from '../logger.js';
import { FAILURE_ACTIONS, type FailureAction } from '../pipeline/failure.js';
import { logFields } from '../telemetry/telemetry.js';
import { quietly } from '../util/promise.js';
import type { Attempt } from './attempt.js';
import type { ConsumePolicy } from './policy.js';

/** The decision of `onError`; undefined where the default applies, also where it answers with no action, or throws. */
export function verdictOf(
  { policy, logger }: { readonly policy: ConsumePolicy; readonly logger: Logger },
  { message, topic, group, attempt, span }: Attempt,
  error: unknown,
): FailureAction | undefined {
  if (policy.onError === undefined) return undefined;
  const fields = { topic, group, ...logFields(span) };
  try {
    const retriesLeft = Math.max(0, policy.maxRetries + 1 - attempt);
    const verdict = policy.onError(error, { message, topic, group, attempt, retriesLeft });
    if (verdict === 'park' && policy.onExhausted !== 'park') {
      const text = "onError returned 'park', which needs onExhausted: 'park'; the default applies";
      logger.error({ topic, group }, text);
      return undefined;
    }
    if (verdict === undefined || FAILURE_ACTIONS.includes(verdict)) return verdict;
    // An async function answers too late; what it rejects with must not end the process.
    quietly(verdict);
    const allowed = FAILURE_ACTIONS.join(', ');
    logger.error({ ...fields, verdict, allowed }, 'onError returned no action; the default applies');
  } catch (err) {
    logger.error({ ...fields, err }, 'onError threw; the default applies');
  }
  return undefined;
}

/** Of a message that may be what ends the processes that handle it. */
export function tooOften(
  { topic, group, maxDeliveries }: ConsumePolicy,
  deliveryCount: number,
): PermanentError {
  return new PermanentError(
    `a message of '${topic}' (group '${group}') was delivered ${deliveryCount} times, and ${maxDeliveries} are ` +
      'allowed: its earlier handlers never ended it',
  );
}

/** The error of an attempt past `processingTimeout`. */
export function timeoutError(
  { group, processingTimeout }: ConsumePolicy,
  { topic }: Attempt,
  cause?: unknown,
): ProcessingTimeoutError {
  return new ProcessingTimeoutError(
    `the handler of '${topic}' (group '${group}') did not finish within ${processingTimeout} ms`,
    { cause },
  );
}
