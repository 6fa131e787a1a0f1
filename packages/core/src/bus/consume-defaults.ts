/** The configured defaults of every subscription. */
import type { ResolvedConfig } from '../config/schema.js';
import type { ConsumeDefaults } from '../consume/policy.js';

/** Settings of subscriptions that say nothing else. `ordered`: for envelopes, by key. */
export function consumeDefaults(
  { subscriber, keyedWorkerPool }: ResolvedConfig,
  ordered: boolean,
): ConsumeDefaults {
  const { errorHandling, processTimeout, maxConcurrency } = subscriber;
  return {
    concurrency: ordered ? keyedWorkerPool.workerCount : maxConcurrency,
    queuePerKey: keyedWorkerPool.queueSize,
    reportStallAfter: keyedWorkerPool.waitTimeout,
    processingTimeout: processTimeout,
    maxRetries: errorHandling.maxRetryAttempts,
    backoffBase: errorHandling.retryBackoffBase,
    backoffMax: errorHandling.retryBackoffMax,
    deadLetterTopic: errorHandling.deadLetterTopic,
  };
}
