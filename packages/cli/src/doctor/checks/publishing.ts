/** Checks of settings by which publishes are refused, doubled or not acknowledged. Pure. */
import { formatBytes, formatLimit } from '../../io/format.js';
import { type Check, ofAll, ofSettings, placeOf } from '../check.js';

/** As the adapter warns: shorter, and a publish that is tried again may be stored twice. */
const DEDUPE_MS = 10_000;
/** Kafka's default, about: services reckon with it. */
const USUAL_BYTES = 1_000_000;
/** A stream with so much of its bytes used takes no message of some size. */
const FULL = 0.99;

/** Settings of a topic by which a publish is refused, lost, stored twice, or stored elsewhere. */
export const publishingChecks: readonly Check[] = [
  ofSettings('error', 'not-acknowledged', 'NATS: a stream acknowledges nothing', (topic) =>
    topic.acknowledged === false
      ? [`${placeOf(topic)} acknowledges no publish (no_ack)`, 'turn acknowledgements on: no_ack false']
      : undefined,
  ),
  ofSettings('error', 'not-writable', 'NATS: a sealed stream or a mirror takes nothing', (topic) =>
    topic.writable === false
      ? [
          `${placeOf(topic)} takes no messages (sealed, or a mirror)`,
          'publish to its source, or use another topic',
        ]
      : undefined,
  ),
  ofSettings(
    'error',
    'name-not-taken',
    "NATS: the configured stream has other subjects than the topic's, and so stores none of its messages",
    (topic) =>
      topic.takesName === false
        ? [
            `${placeOf(topic)} is configured for '${topic.name}', and has no subject that takes it`,
            'start a service that may change streams (topicConfigStrategy createOrUpdate), or add the subject to the stream',
          ]
        : undefined,
  ),
  ofSettings(
    'error',
    'moved',
    'NATS: a stream stores the topic under another subject, where nobody reads',
    (topic) =>
      topic.movedTo === undefined
        ? undefined
        : [
            `${placeOf(topic)} stores it as '${topic.movedTo}' (subject_transform)`,
            'take subject_transform out of the stream',
          ],
  ),
  ofSettings('error', 'full', 'NATS: a stream is full and refuses publishes', (topic) => {
    const reached = (topic.room ?? []).filter(({ used, limit }) => used >= limit * FULL);
    if (topic.discard !== 'new' || reached.length === 0) return undefined;
    const shown = reached.map(({ of, used, limit }) =>
      of === 'bytes' ? `${formatBytes(used)} of ${formatBytes(limit)}` : `${used} of ${limit} ${of}`,
    );
    return [
      `${placeOf(topic)} has ${shown.join(' and ')}, and refuses further ones (discard new)`,
      'raise its limits, or remove messages that every group has read',
    ];
  }),
  ofSettings('warning', 'discards-new', 'NATS: a full stream refuses new messages', (topic, { config }) =>
    topic.discard === 'new' && config.discardsNew !== true
      ? [
          `${placeOf(topic)} refuses publishes when it is full (discard new)`,
          'raise its limits, or let it discard the oldest',
        ]
      : undefined,
  ),
  ofSettings(
    'warning',
    'dedupe-window',
    'NATS: a publish that is tried again may be stored twice',
    (topic) =>
      topic.dedupeWindowMs !== undefined && topic.dedupeWindowMs < DEDUPE_MS
        ? [
            `${placeOf(topic)} recognises a message that is sent again for ${formatLimit(topic.dedupeWindowMs)} (duplicate_window)`,
            'set duplicate_window to 2m',
          ]
        : undefined,
  ),
  ofSettings(
    'warning',
    'message-limit',
    'the topic takes smaller messages than usual',
    (topic, { capabilities }) => {
      const { maxMessageBytes: takes, holdsDeadLetters } = topic;
      const usual = Math.min(USUAL_BYTES, capabilities.maxMessageBytes ?? USUAL_BYTES);
      if (takes === undefined || holdsDeadLetters || takes >= usual) return undefined;
      return [
        `${placeOf(topic)} takes messages of at most ${formatBytes(takes)}; usual are ${formatBytes(usual)}`,
        'raise max.message.bytes (Kafka) or max_msg_size (NATS)',
      ];
    },
  ),
  ofAll('broker')(
    'warning',
    'payload-limit',
    'NATS: the server takes smaller messages than usual',
    ({ capabilities: { maxMessageBytes: takes = USUAL_BYTES } }) =>
      takes < USUAL_BYTES
        ? [
            `the server takes messages of at most ${formatBytes(takes)} (max_payload); usual are ${formatBytes(USUAL_BYTES)}`,
            'set max_payload to 1MB on the servers',
          ]
        : undefined,
  ),
  ofSettings(
    'info',
    'timestamps',
    "Kafka: the broker's clock replaces the time of publishing",
    ({ timestamps }) =>
      timestamps === 'broker'
        ? [
            'message.timestamp.type is LogAppendTime',
            'set message.timestamp.type=CreateTime where the time of publishing matters',
          ]
        : undefined,
  ),
];
