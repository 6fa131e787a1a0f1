/** Checks of consumers on the broker that ebus would take over. Pure. */
import { formatBytes, formatLimit } from '../../io/format.js';
import { type Check, ofConsumers } from '../check.js';

const ANEW = 'delete the consumer while its service is down: ebus makes it anew where the group stood';
const RESTART =
  'start a member of the group: ebus corrects it when it subscribes; then find out who changed it';

/** NATS alone: consumers by which a group loses events, stands still, or forgets its position. */
export const consumerChecks: readonly Check[] = [
  ofConsumers(
    'error',
    'consumer-gives-up',
    'NATS: a consumer gives messages up without a dead letter',
    ({ maxDeliveries = 0 }) =>
      maxDeliveries > 0
        ? [`max_deliver is ${maxDeliveries}: after that a message is never handled`, RESTART]
        : undefined,
  ),
  ofConsumers(
    'error',
    'consumer-acknowledges',
    'NATS: a consumer settles messages that were not handled',
    ({ acknowledges = 'explicit', singleActive = false }) => {
      // With one client at a time, ebus acknowledges only up to the oldest unsettled message.
      if (acknowledges === 'explicit' || (acknowledges === 'all' && singleActive)) return undefined;
      return [`ack_policy is '${acknowledges}'`, ANEW];
    },
  ),
  ofConsumers('error', 'consumer-headers-only', 'NATS: a consumer delivers no bodies', ({ headersOnly }) =>
    headersOnly === true ? ['headers_only is true', RESTART] : undefined,
  ),
  ofConsumers('error', 'consumer-pushes', 'NATS: a push consumer has the place of a group', ({ pushes }) =>
    pushes === true ? ['it pushes to a subject (deliver_subject)', ANEW] : undefined,
  ),
  ofConsumers(
    'error',
    'consumer-paused',
    'NATS: a consumer delivers nothing for a time',
    ({ pausedUntil, name }, { now }) =>
      pausedUntil !== undefined && pausedUntil.getTime() > now
        ? [
            `it is paused until ${pausedUntil.toISOString()} (pause_until)`,
            `nats consumer resume <stream> ${name}`,
          ]
        : undefined,
  ),
  ofConsumers(
    'warning',
    'consumer-forgotten',
    'NATS: a group loses its position while its service is away',
    ({ inactiveMs = 0 }) =>
      inactiveMs > 0
        ? [`inactive_threshold is ${formatLimit(inactiveMs)}: then its position is gone`, RESTART]
        : undefined,
  ),
  ofConsumers(
    'warning',
    'consumer-in-memory',
    'NATS: a group loses its position when the server restarts',
    ({ storage }) =>
      storage === 'memory' ? ['it keeps its position in memory (mem_storage)', ANEW] : undefined,
  ),
  ofConsumers(
    'error',
    'consumer-filter',
    'NATS: the consumer of a group delivers other messages than those of its topic',
    ({ deliversTopicOnly, topics = [] }) =>
      deliversTopicOnly === false
        ? [
            `it delivers ${topics.map((one) => `'${one}'`).join(', ') || 'everything in the stream'} (filter_subject)`,
            ANEW,
          ]
        : undefined,
  ),
  ofConsumers(
    'error',
    'consumer-requests',
    'NATS: a consumer refuses requests of usual size',
    ({ maxRequest: { messages = 0, bytes = 0, expiresMs = 0 } = {} }) => {
      const found = [
        ...(messages > 0 ? [`max_batch is ${messages}`] : []),
        ...(bytes > 0 ? [`max_bytes is ${formatBytes(bytes)}`] : []),
        ...(expiresMs > 0 ? [`max_expires is ${formatLimit(expiresMs)}`] : []),
      ];
      return found.length === 0 ? undefined : [found.join('; '), RESTART];
    },
  ),
  ofConsumers(
    'warning',
    'consumer-backoff',
    'NATS: a consumer delivers again by its own times, while the first handler still runs',
    ({ backoffMs = [] }) =>
      backoffMs.length > 0
        ? [`backoff is ${backoffMs.map(formatLimit).join(', ')}, and counts instead of ack_wait`, RESTART]
        : undefined,
  ),
  ofConsumers(
    'warning',
    'consumer-limits',
    'NATS: other limits than configured slow a group down, or deliver events twice',
    ({ maxUnsettled = 0, leaseMs }, { config }) => {
      const { maxAckPending, ackWaitMs } = config;
      const found: string[] = [];
      if (maxAckPending !== undefined && maxUnsettled > 0 && maxUnsettled < maxAckPending) {
        found.push(`max_ack_pending is ${maxUnsettled}, configured is ${maxAckPending}`);
      }
      if (ackWaitMs !== undefined && leaseMs !== undefined && leaseMs < ackWaitMs) {
        found.push(`ack_wait is ${formatLimit(leaseMs)}, configured is ${formatLimit(ackWaitMs)}`);
      }
      return found.length === 0 ? undefined : [found.join('; '), RESTART];
    },
  ),
];
