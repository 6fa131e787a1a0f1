/** Checks of settings by which messages go before every group has them. Pure. */
import { formatBytes, formatLimit } from '../../io/format.js';
import { type Check, ofSettings, placeOf } from '../check.js';

const DAY_MS = 24 * 3_600_000;

/** Settings of a topic by which events go before every group has read them. */
export const keepingChecks: readonly Check[] = [
  ofSettings('error', 'memory-storage', 'NATS: a restart of the server loses the events', (topic) =>
    topic.storage === 'memory'
      ? [
          `${placeOf(topic)} keeps messages in memory`,
          'make it anew with file storage: a restart of the broker loses them',
        ]
      : undefined,
  ),
  ofSettings(
    'error',
    'per-subject-limit',
    'NATS: a stream keeps the last messages of a topic only',
    (topic) =>
      (topic.maxMessagesPerSubject ?? 0) > 0
        ? [
            `${placeOf(topic)} keeps ${topic.maxMessagesPerSubject} messages of a topic (max_msgs_per_subject)`,
            'set max_msgs_per_subject to -1: older events go before groups have read them',
          ]
        : undefined,
  ),
  ofSettings(
    'error',
    'retention-kind',
    'NATS: a stream with retention interest or workqueue removes events that a group has not read',
    (topic) =>
      topic.retentionKind === 'interest' || topic.retentionKind === 'workqueue'
        ? [
            `${placeOf(topic)} has retention '${topic.retentionKind}': groups take messages from each other, or find none`,
            "make it anew with retention 'limits'",
          ]
        : undefined,
  ),
  ofSettings('warning', 'compaction', 'Kafka: older events of a key go, read or not', (topic) =>
    topic.retentionKind === 'compaction'
      ? [
          'older messages of a key are removed, read or not (cleanup.policy has compact)',
          'set cleanup.policy=delete for events; keep compaction for snapshots',
        ]
      : undefined,
  ),
  ofSettings(
    'warning',
    'short-retention',
    'messages are kept for less than a day, and the configuration does not say so',
    (topic) => {
      const { retentionMs = 0, holdsDeadLetters, of } = topic;
      const isChosen = of.configured?.retention !== undefined;
      if (holdsDeadLetters || isChosen || retentionMs === 0 || retentionMs >= DAY_MS) return undefined;
      return [
        `${placeOf(topic)} keeps messages for ${formatLimit(retentionMs)}: a service that is down for longer misses events`,
        'configure the retention of the topic, then ebus topics apply',
      ];
    },
  ),
  ofSettings(
    'warning',
    'size-limit',
    'a limit of number or size that the configuration does not have removes events, read or not',
    (topic, { config }) => {
      const { maxMessages = 0, maxBytes = 0, discard, of } = topic;
      const isChosen = of.configured?.maxSize !== undefined || of.configured?.maxMessages !== undefined;
      if ((maxMessages === 0 && maxBytes === 0) || isChosen || config.hasStream || discard === 'new')
        return undefined;
      const limit = maxMessages > 0 ? `${maxMessages} messages` : formatBytes(maxBytes);
      return [
        `${placeOf(topic)} keeps at most ${limit}; older ones go, read or not`,
        'lift the limit, or configure it',
      ];
    },
  ),
  ofSettings(
    'warning',
    'unclean-election',
    'Kafka: a replica that lacks events may become the leader',
    ({ uncleanElection }) =>
      uncleanElection === true
        ? [
            'unclean.leader.election.enable is true: acknowledged events go with such an election',
            'set unclean.leader.election.enable=false',
          ]
        : undefined,
  ),
  ofSettings(
    'warning',
    'acknowledged-early',
    'NATS: a stream acknowledges messages before they are written',
    (topic) =>
      topic.acknowledgesEarly === true
        ? [
            `${placeOf(topic)} has persist_mode async: a crash of the server loses acknowledged events`,
            "make it anew with persist_mode 'default'",
          ]
        : undefined,
  ),
];
