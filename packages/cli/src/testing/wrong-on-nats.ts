/** Deliberate misconfigurations of streams and consumers on NATS, and what the doctor has to say about each. */
import {
  AckPolicy,
  type ConsumerConfig,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { Misconfiguration } from './misconfigured.js';

const NANOS = 1_000_000;
const HOUR = 3_600_000;

/** What is wrong with the stream of a topic, the consumer of the group `billing`, or the stream of its dead letters. */
export interface Wrong extends Misconfiguration {
  readonly stream?: Partial<StreamConfig>;
  readonly consumer?: Partial<ConsumerConfig>;
  /** The stream holds a second subject, and the consumer delivers that. */
  readonly readsOther?: boolean;
  readonly letters?: Partial<StreamConfig>;
  /** Messages that wait in the stream. */
  readonly messages?: number;
  /** The server cannot change it: as the remedy says, it is made anew. */
  readonly anew?: boolean;
}

/** What an update writes to mend a stream. */
export const SOUND_STREAM: Partial<StreamConfig> = {
  no_ack: false,
  max_msgs_per_subject: -1,
  discard: DiscardPolicy.Old,
  max_msgs: -1,
  max_bytes: -1,
  max_age: 0,
  max_msg_size: -1,
  duplicate_window: 120_000 * NANOS,
  subject_transform: undefined as never,
};

/** The same for a consumer. */
export const SOUND_CONSUMER: Partial<ConsumerConfig> = {
  max_deliver: -1,
  headers_only: false,
  inactive_threshold: 0,
  max_ack_pending: 1_000,
  ack_wait: 30_000 * NANOS,
  backoff: [],
  max_batch: 0,
  max_bytes: 0,
  max_expires: 0,
};

/** Streams that break a promise. */
export const STREAMS: readonly Wrong[] = [
  {
    wrong: 'a stream that acknowledges nothing',
    stream: { no_ack: true },
    finding: ['not-acknowledged', 'error', /acknowledges no publish \(no_ack\)/, /no_ack false/],
  },
  {
    wrong: 'a stream in memory',
    stream: { storage: StorageType.Memory },
    anew: true,
    finding: ['memory-storage', 'error', /keeps messages in memory/, /anew with file storage/],
  },
  {
    wrong: 'a stream that keeps one message of a subject',
    stream: { max_msgs_per_subject: 1 },
    finding: [
      'per-subject-limit',
      'error',
      /keeps 1 messages of a topic \(max_msgs_per_subject\)/,
      /max_msgs_per_subject to -1/,
    ],
  },
  {
    wrong: "retention 'interest'",
    stream: { retention: RetentionPolicy.Interest },
    anew: true,
    finding: ['retention-kind', 'error', /retention 'interest'/, /anew with retention 'limits'/],
  },
  {
    wrong: "retention 'workqueue'",
    stream: { retention: RetentionPolicy.Workqueue },
    anew: true,
    finding: ['retention-kind', 'error', /retention 'workqueue'/, /anew with retention 'limits'/],
  },
  {
    wrong: 'a stream that refuses messages when it is full',
    stream: { discard: DiscardPolicy.New, max_msgs: 10 },
    finding: [
      'discards-new',
      'warning',
      /refuses publishes when it is full \(discard new\)/,
      /raise its limits/,
    ],
  },
  {
    wrong: 'one that is full and refuses them now',
    stream: { discard: DiscardPolicy.New, max_msgs: 2 },
    messages: 2,
    finding: ['full', 'error', /2 of 2 messages.*discard new/, /raise its limits/],
  },
  {
    wrong: 'a limit of messages',
    stream: { max_msgs: 1_000 },
    finding: ['size-limit', 'warning', /at most 1000 messages/, /lift the limit/],
  },
  {
    wrong: 'a limit of bytes',
    stream: { max_bytes: 1_000_000 },
    finding: ['size-limit', 'warning', /at most .*B; older ones go/, /lift the limit/],
  },
  {
    wrong: 'an age of an hour',
    stream: { max_age: HOUR * NANOS },
    finding: ['short-retention', 'warning', /keeps messages for 1h/, /configure the retention/],
  },
  {
    wrong: 'a window for duplicates of 100 ms',
    stream: { duplicate_window: 100 * NANOS },
    finding: ['dedupe-window', 'warning', /for 100ms \(duplicate_window\)/, /duplicate_window to 2m/],
  },
  {
    wrong: 'small messages alone',
    stream: { max_msg_size: 1_000 },
    finding: ['message-limit', 'warning', /takes messages of at most 1/, /max_msg_size/],
  },
  {
    wrong: 'acknowledgements before the message is written',
    stream: { persist_mode: 'async' as never },
    anew: true,
    finding: ['acknowledged-early', 'warning', /persist_mode async/, /persist_mode 'default'/],
  },
  {
    wrong: 'a sealed stream',
    stream: { sealed: true },
    anew: true,
    finding: ['not-writable', 'error', /takes no messages/, /another topic/],
  },
  {
    wrong: 'a stream that moves the subject',
    stream: { subject_transform: { src: '>', dest: 'elsewhere.>' } },
    finding: [
      'moved',
      'error',
      /stores it as 'elsewhere.>' \(subject_transform\)/,
      /take subject_transform out/,
    ],
  },
  {
    wrong: 'dead letters that go sooner than their messages',
    letters: { max_age: HOUR * NANOS },
    finding: [
      'dead-letter-retention',
      'warning',
      /kept for 1h, the messages of '.*' for ever/,
      /retention of the dead-letter topic to 30d/,
    ],
  },
  {
    wrong: 'a dead-letter stream that takes small messages alone',
    letters: { max_msg_size: 1_000 },
    finding: [
      'dead-letter-limit',
      'error',
      /takes .* any size/,
      /max_msg_size \(NATS\) above that of its topic/,
    ],
  },
];

/** Consumers by which a group loses events, stands still or forgets its position. */
export const CONSUMERS: readonly Wrong[] = [
  {
    wrong: 'max_deliver',
    consumer: { max_deliver: 3 },
    finding: ['consumer-gives-up', 'error', /max_deliver is 3/, /start a member/],
  },
  {
    wrong: 'no acknowledgements',
    consumer: { ack_policy: AckPolicy.None },
    anew: true,
    finding: ['consumer-acknowledges', 'error', /ack_policy is 'none'/, /delete the consumer/],
  },
  {
    wrong: 'headers alone',
    consumer: { headers_only: true },
    finding: ['consumer-headers-only', 'error', /headers_only is true/, /start a member/],
  },
  {
    wrong: 'an inactive threshold',
    consumer: { inactive_threshold: HOUR * NANOS },
    finding: ['consumer-forgotten', 'warning', /inactive_threshold is 1h/, /start a member/],
  },
  {
    wrong: 'a position in memory',
    consumer: { mem_storage: true },
    anew: true,
    finding: ['consumer-in-memory', 'warning', /mem_storage/, /delete the consumer/],
  },
  {
    wrong: 'few unsettled messages',
    consumer: { max_ack_pending: 1 },
    finding: ['consumer-limits', 'warning', /max_ack_pending is 1, configured is 1000/, /start a member/],
  },
  {
    wrong: 'a short ack wait',
    consumer: { ack_wait: 1_000 * NANOS },
    finding: ['consumer-limits', 'warning', /ack_wait is 1s, configured is 30s/, /start a member/],
  },
  {
    wrong: 'a pause',
    consumer: { pause_until: new Date(Date.UTC(2100, 0)).toISOString() },
    finding: ['consumer-paused', 'error', /paused until 2100-01-01/, /nats consumer resume/],
  },
  {
    wrong: 'a push consumer',
    consumer: { deliver_subject: 'pushed.there' },
    anew: true,
    finding: ['consumer-pushes', 'error', /deliver_subject/, /delete the consumer/],
  },
  {
    wrong: 'a backoff',
    consumer: { backoff: [40_000 * NANOS, 60_000 * NANOS], max_deliver: -1 },
    finding: ['consumer-backoff', 'warning', /backoff is 40s, 1m/, /start a member/],
  },
  {
    wrong: 'small requests',
    consumer: { max_batch: 1, max_bytes: 1_000, max_expires: 1_000 * NANOS },
    finding: [
      'consumer-requests',
      'error',
      /max_batch is 1; max_bytes is 1.*; max_expires is 1s/,
      /start a member/,
    ],
  },
  {
    wrong: 'the subject of another topic',
    readsOther: true,
    anew: true,
    finding: ['consumer-filter', 'error', /it delivers '.*\.other'/, /delete the consumer/],
  },
  {
    wrong: 'messages that wait, and nobody there',
    consumer: {},
    messages: 1,
    finding: ['group-without-members', 'error', /1 messages wait/, /start its service/],
  },
  {
    wrong: 'a group that a limit of the stream overtakes',
    stream: { max_msgs: 10 },
    consumer: {},
    messages: 9,
    finding: ['retention-overtakes', 'warning', /9 messages wait, and 10 are kept/, /raise the retention/],
  },
];
