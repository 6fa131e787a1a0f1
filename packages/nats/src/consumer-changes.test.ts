import { AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { consumerChanges } from './consumer-changes.js';

it('lists what is another value, in the units of the configuration', () => {
  const before = {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: 60e9,
    max_ack_pending: 1_000,
    max_deliver: 5,
    backoff: [1e9],
    filter_subject: 'a',
  };
  const changes = {
    ack_wait: 30e9,
    max_ack_pending: 1_000,
    max_deliver: -1,
    backoff: [],
    filter_subject: '',
    filter_subjects: ['a', 'b'],
    description: 'x',
  };
  expect(consumerChanges(before, changes)).toEqual([
    { field: 'ackWait', from: 60_000, to: 30_000, kind: 'duration' },
    { field: 'maxDeliver', from: 5, to: -1, kind: 'limit' },
    { field: 'backOff', from: [1e9], to: [], kind: 'plain' },
    { field: 'filter', from: 'a', to: '', kind: 'plain' },
    { field: 'filters', from: undefined, to: ['a', 'b'], kind: 'plain' },
    { field: 'description', from: undefined, to: 'x', kind: 'plain' },
  ]);
});
