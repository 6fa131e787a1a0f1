/** Reports of a subscription: one line in the log, and the events that the application listens to. */
import type { Attempt } from '../consume/attempt.js';
import type { Delivery } from '../consume/delivery.js';
import type { ConsumeEvents } from '../consume/events.js';
import type { ConsumePolicy } from '../consume/policy.js';
import { EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { FailureAction } from '../pipeline/failure.js';
import { logFields } from '../telemetry/telemetry.js';
import type { Disclose } from '../util/disclose.js';
import type { Emitter } from './bus-events.js';

/** Where a subscription's reports go. */
export interface ReportTargets {
  readonly events: Emitter;
  readonly logger: Logger;
  readonly disclose: Disclose;
}

/** The reports of one subscription: each failure is one line in the log and one event. */
export function consumeReports(
  policy: ConsumePolicy,
  { events, logger, disclose }: ReportTargets,
): ConsumeEvents {
  const { topic, group, deadLetterTopic } = policy;
  const of = (delivery: Delivery) => {
    const { message, ids } = delivery.attempt as Attempt;
    return { topic, group, message, ...ids };
  };
  const line = (delivery: Delivery) => {
    const { ids, span } = delivery.attempt as Attempt;
    const { key, eventId, eventType } = ids;
    const { position } = delivery.subject;
    const at = position === undefined ? {} : { position };
    return { topic, group, key, eventId, eventType, ...at, ...logFields(span) };
  };
  const failure = (error: unknown) => ({ error, errorMessage: disclose(error) });

  const logAttempt = (
    attempt: Attempt,
    error: unknown,
    action: FailureAction,
    retryInMs: number | undefined,
  ) => {
    const fields = { ...line(attempt.delivery), attempt: attempt.attempt, err: error };
    if (retryInMs !== undefined) {
      const delayMs = Math.round(retryInMs);
      logger.warn({ ...fields, delayMs }, 'handling a message failed; it is tried again after a pause');
    } else if (action === 'discard') {
      logger.error(
        fields,
        'a message could not be handled and was discarded, as onExhausted or onError says',
      );
    }
  };

  return {
    handlerError: (attempt, error, action, retryInMs) => {
      logAttempt(attempt, error, action, retryInMs);
      if (!events.has('handlerError') && !events.has('error')) return;
      const told = { ...of(attempt.delivery), ...failure(error), attempt: attempt.attempt, action };
      events.emit('handlerError', told);
      events.emit('error', { source: 'handler', ...told });
    },
    deadLettered: (delivery, error, parked) => {
      const { attempts } = delivery;
      const fields = { ...line(delivery), attempts, deadLetterTopic };
      if (parked === undefined) {
        logger.error(
          { ...fields, err: error },
          'a message could not be handled and was dead-lettered; bus.deadLetters.redrive(topic) publishes it again',
        );
      } else if (parked === 'first') {
        logger.error(
          { ...fields, key: delivery.key, err: error },
          'a message could not be handled, and its key is parked: its messages go to the dead-letter topic until ' +
            'bus.deadLetters.redrive(topic, { key }) hands them back',
        );
      } else
        logger.info(
          { ...fields, key: delivery.key },
          'a message of a parked key went to the dead-letter topic',
        );
      const told = {
        ...of(delivery),
        ...failure(error),
        deadLetterTopic,
        attempts,
        ...(parked === undefined ? {} : { parkedKey: delivery.key }),
      };
      events.emit('deadLettered', told);
      if (parked !== 'behind') events.emit('error', { source: 'dead-letter', ...told });
    },
    parkedAgain: (delivery, error) => {
      logger.error(
        { topic, group, key: delivery.key, deadLetterTopic, err: error },
        'a message of a parked key was redriven and failed again: the key stays parked',
      );
      events.emit('error', {
        source: 'parked',
        topic,
        group,
        key: delivery.key,
        deadLetterTopic,
        ...failure(error),
      });
    },
    halted: (delivery, error) => {
      const isKey = policy.ordering !== 'none';
      const what = isKey ? 'its key stands still' : 'the subscription stands still';
      logger.error(
        {
          ...line(delivery),
          ...(isKey ? { key: delivery.key } : {}),
          attempts: delivery.attempts,
          err: error,
        },
        `a message could not be handled, and ${what}: the subscription's retryHalted(${isKey ? 'key' : ''}) tries it ` +
          `again, skipHalted(${isKey ? 'key' : ''}) dead-letters it`,
      );
      const told = { ...of(delivery), ...failure(error), key: delivery.key };
      events.emit('halted', told);
      events.emit('error', { source: 'halt', ...told });
    },
    assigned: (partitions) => events.emit('assigned', { topic, group, partitions }),
    revoked: (partitions, lost, why) => {
      events.emit('revoked', { topic, group, partitions, lost });
      if (!lost) return;
      if (why === undefined)
        logger.warn(
          { topic, group, partitions },
          'partitions were lost to another member of the group: what was begun and not settled is handled again there',
        );
      const error = new EbusError(
        `partitions ${partitions.join(', ')} of '${topic}' were lost (group '${group}')${why === undefined ? '' : `: ${why}`}`,
        {
          code: 'ABORTED',
          retryable: true,
        },
      );
      events.emit('error', { source: 'assignment', topic, group, partitions, ...failure(error) });
    },
    overrunning: ({ message, attempt, delivery }) => {
      logger.warn(
        { ...line(delivery), attempt },
        'a handler does not return although its processing timeout has passed and its signal is aborted',
      );
      events.emit('overrunning', { topic, group, message, attempt });
    },
    failed: (source, error, note, fields = {}) => {
      logger.error({ err: error, topic, group, ...fields }, note);
      events.emit('error', { source, topic, group, ...failure(error) });
    },
  };
}
