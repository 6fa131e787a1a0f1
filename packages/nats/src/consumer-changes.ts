/** Changes of a consumer, under the names of the configuration where those have one. Pure. */
import type { SettingChange, SettingKind } from '@ebus/core/driver';
import type { ConsumerConfig } from '@nats-io/jetstream';

const NANOS = 1_000_000;
const NAMED: Partial<Record<keyof ConsumerConfig, readonly [field: string, kind: SettingKind]>> = {
  ack_wait: ['ackWait', 'duration'],
  max_ack_pending: ['maxAckPending', 'limit'],
  max_deliver: ['maxDeliver', 'limit'],
  backoff: ['backOff', 'plain'],
  filter_subject: ['filter', 'plain'],
  filter_subjects: ['filters', 'plain'],
  priority_timeout: ['priority_timeout', 'duration'],
  inactive_threshold: ['inactive_threshold', 'duration'],
};

/** What of `changes` is another value than before. */
export function consumerChanges(
  before: Partial<ConsumerConfig>,
  changes: Partial<ConsumerConfig>,
): SettingChange[] {
  return (Object.keys(changes) as (keyof ConsumerConfig)[])
    .filter((key) => JSON.stringify(before[key] ?? '') !== JSON.stringify(changes[key] ?? ''))
    .map((key) => {
      const [field, kind] = NAMED[key] ?? [key, 'plain'];
      const value = (from: unknown) =>
        kind === 'duration' && typeof from === 'number' ? from / NANOS : from;
      return { field, from: value(before[key]), to: value(changes[key]), kind };
    });
}
