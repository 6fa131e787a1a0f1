/** Reports of publishing: events, and log lines for failures that would stay unnoticed. */
import type { Logger } from '../logger.js';
import { envelopeIds } from '../pipeline/message-ids.js';
import { isUnexpected, type PublisherEvents } from '../publish/outcomes.js';
import type { PublishJob } from '../publish/publish-job.js';
import type { Disclose } from '../util/disclose.js';
import type { Emitter } from './bus-events.js';

const NO_ENVELOPE = {
  eventId: undefined,
  aggregateId: undefined,
  eventType: undefined,
  correlationId: undefined,
  tenantId: undefined,
  traceId: undefined,
};

/** Reports of publishing: events, and log lines for failures that would stay unseen. */
export function publishReports(events: Emitter, logger: Logger, disclose: Disclose): PublisherEvents {
  const idsOf = ({ topic, orderKey, envelope }: PublishJob) => ({
    topic,
    key: orderKey,
    ...(envelope === undefined ? NO_ENVELOPE : envelopeIds(envelope)),
  });
  return {
    get wantsPublished() {
      return events.has('published');
    },
    published: (receipt, job) => {
      const duplicate = receipt.duplicate === true && isUnexpected(job);
      events.emit('published', { ...idsOf(job), receipt, duplicate });
    },
    publishFailed: (error, job) => {
      if (!events.has('publishFailed')) return;
      events.emit('publishFailed', { ...idsOf(job), error, errorMessage: disclose(error) });
    },
    resultsStalled: () => events.emit('resultsStalled', {}),
    failuresUnread: (failed) => {
      const note =
        'publishResults(): a reader was closed, or the bus was, before anybody read from it that publishes had failed';
      logger.warn({ failed }, note);
    },
  };
}
