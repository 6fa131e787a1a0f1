/** Deliberate misconfigurations of topics and groups on Kafka, and what the doctor has to say about each. */
import type { TopicOptions } from '@ebus/core';
import { systemClock } from '@ebus/core';
import type { Misconfiguration } from './misconfigured.js';

const HOUR = 3_600_000;

/** What is wrong with a topic, its dead-letter topic or its group. */
export interface Wrong extends Misconfiguration {
  readonly settings?: Readonly<Record<string, string>>;
  readonly letters?: Readonly<Record<string, string>>;
  readonly configured?: TopicOptions;
  /** Messages of that age, which the group has not read. */
  readonly messages?: { readonly count: number; readonly ageMs?: number };
  /** So many are not kept any more. */
  readonly removed?: number;
  readonly isMissing?: boolean;
}

/** Topics that break a promise, and groups that miss events. */
export const TOPICS: readonly Wrong[] = [
  {
    wrong: 'a compacted topic',
    settings: { 'cleanup.policy': 'compact' },
    finding: ['compaction', 'warning', /cleanup\.policy has compact/, /cleanup\.policy=delete/],
  },
  {
    wrong: 'a topic that is compacted and cut',
    settings: { 'cleanup.policy': 'compact,delete' },
    finding: ['compaction', 'warning', /cleanup\.policy has compact/, /cleanup\.policy=delete/],
  },
  {
    wrong: 'a retention of an hour',
    settings: { 'retention.ms': String(HOUR) },
    finding: ['short-retention', 'warning', /keeps messages for 1h/, /configure the retention/],
  },
  {
    wrong: 'a limit of bytes',
    settings: { 'retention.bytes': '1000000' },
    finding: ['size-limit', 'warning', /keeps at most .*B; older ones go/, /lift the limit/],
  },
  {
    wrong: 'small messages alone',
    settings: { 'max.message.bytes': '1000' },
    finding: ['message-limit', 'warning', /messages of at most 1/, /max\.message\.bytes \(Kafka\)/],
  },
  {
    wrong: 'unclean elections',
    settings: { 'unclean.leader.election.enable': 'true' },
    finding: ['unclean-election', 'warning', /unclean\.leader\.election\.enable is true/, /enable=false/],
  },
  {
    wrong: "the broker's clock for the time of publishing",
    settings: { 'message.timestamp.type': 'LogAppendTime' },
    finding: ['timestamps', 'info', /message\.timestamp\.type is LogAppendTime/, /CreateTime/],
  },
  {
    wrong: 'more replicas in sync than there are',
    settings: { 'min.insync.replicas': '2' },
    finding: ['in-sync-unreachable', 'error', /is 2, and there are 1 replicas/, /min\.insync\.replicas=1/],
  },
  {
    wrong: 'fewer partitions than configured',
    configured: { partitions: 3 },
    finding: ['topic-mismatch', 'warning', /partitions is 1, configured is 3/, /partition/i],
  },
  {
    wrong: 'another retention than configured',
    configured: { retention: '3d' },
    finding: ['topic-differs', 'warning', /other values of retention/, /ebus topics apply/],
  },
  {
    wrong: 'a topic that is not there',
    isMissing: true,
    finding: ['topic-missing', 'error', /the broker does not have it/, /ebus topics apply/],
  },
  {
    wrong: 'dead letters that go sooner than their messages',
    letters: { 'retention.ms': String(HOUR) },
    finding: ['dead-letter-retention', 'warning', /kept for 1h, the messages of '.*' for 7d/, /to 30d/],
  },
  {
    wrong: 'a dead-letter topic that takes smaller messages',
    letters: { 'max.message.bytes': '1000' },
    finding: ['dead-letter-limit', 'error', /it takes 1.*; '.*' takes /, /above that of its topic/],
  },
  {
    wrong: 'messages that wait, and nobody there',
    messages: { count: 3 },
    finding: ['group-without-members', 'error', /3 messages wait/, /start its service/],
  },
  {
    wrong: 'messages that went before the group had read them',
    messages: { count: 3 },
    removed: 2,
    finding: ['missed', 'error', /2 messages after its position are not kept/, /raise the retention/],
  },
  {
    wrong: 'a backlog that the retention overtakes',
    settings: { 'retention.ms': String(HOUR) },
    messages: { count: 1, ageMs: 0.9 * HOUR },
    finding: ['retention-overtakes', 'warning', /oldest unread message is 54m.* kept for 1h/, /raise the/],
  },
];

/** As published so long ago. */
export const timestamp = (ageMs = 0) => String(systemClock.now() - ageMs);
