/** Every metric of the collector: its name without the prefix, what it means, and its label. */
import type { Aggregation } from './gauge.js';

/** The label of a metric; all have at most one. */
export type Label = 'topic' | 'error_type';

interface Definition {
  readonly help: string;
  readonly label?: Label;
}

/** The counters. Their full names begin with `<namespace>_eventbus_`. */
export const COUNTERS = {
  publish_total: { help: 'Publishes that ended, in success or failure.', label: 'topic' },
  publish_success_total: { help: 'Publishes that the broker acknowledged.', label: 'topic' },
  publish_failed_total: { help: 'Publishes that failed, once all retries were used up.', label: 'topic' },
  consume_total: { help: 'Attempts to handle a message; a retry is another one.', label: 'topic' },
  consume_success_total: { help: 'Attempts to handle a message that succeeded.', label: 'topic' },
  consume_failed_total: { help: 'Attempts to handle a message that failed.', label: 'topic' },
  reconnect_total: { help: 'Times the connection came back, and attempts at it that failed.' },
  reconnect_success_total: { help: 'Times the connection came back.' },
  reconnect_failed_total: { help: 'Failed attempts to bring the connection back.' },
  health_check_total: { help: 'Health checks.' },
  health_check_healthy_total: { help: 'Health checks that succeeded.' },
  health_check_unhealthy_total: { help: 'Health checks that failed.' },
  errors_total: { help: 'Errors, by what failed or by the code of the error.', label: 'error_type' },
  errors_by_topic_total: { help: 'The errors that belong to a topic.', label: 'topic' },
  retries_total: { help: 'Messages handled another time after a failure.', label: 'topic' },
  dead_letters_total: { help: 'Messages written to the dead-letter topic of this topic.', label: 'topic' },
  duplicates_total: {
    help: 'Publishes that the broker knew already when this process first sent them.',
    label: 'topic',
  },
  skipped_total: { help: 'Messages settled unhandled: redriven for another group.', label: 'topic' },
} as const satisfies Record<string, Definition>;

/** The histograms, all in seconds. */
export const HISTOGRAMS = {
  publish_latency_seconds: { help: 'From the call to its acknowledgement or failure.', label: 'topic' },
  consume_latency_seconds: { help: 'Duration of one attempt to handle a message.', label: 'topic' },
  reconnect_latency_seconds: { help: 'From losing the connection until it was back; or one failed attempt.' },
  health_check_latency_seconds: { help: 'Duration of one health check.' },
} as const satisfies Record<string, Definition>;

/** The gauges, with the rule that joins the values of several collectors. */
export const GAUGES = {
  connected: { help: '1 while the bus is connected, else 0.', aggregation: 'min' },
  backlog: {
    help: 'Messages that wait to be handled; `publisher`: publishes that wait for the broker.',
    label: 'topic',
    aggregation: 'sum',
  },
  backlog_state: {
    help: 'The backlog: 0 normal, 1 warning, 2 critical.',
    label: 'topic',
    aggregation: 'max',
  },
  in_flight: { help: 'Messages received and not settled yet.', label: 'topic', aggregation: 'sum' },
  pool_queued: { help: 'Messages that wait in the lanes of ordered subscriptions.', aggregation: 'sum' },
  pool_active_keys: {
    help: 'Aggregates with messages in the lanes of ordered subscriptions.',
    aggregation: 'sum',
  },
  halted: {
    help: 'Failed messages that stand until they are released by hand.',
    label: 'topic',
    aggregation: 'sum',
  },
  parked_keys: {
    help: 'Keys whose messages go to the dead-letter topic, as this process knows them: those of the whole group.',
    label: 'topic',
    aggregation: 'max',
  },
} as const satisfies Record<string, Definition & { aggregation: Aggregation }>;

/**
 * Upper bounds in seconds: publishing in process takes a tenth of a millisecond, to a broker some milliseconds, handlers up
 * to the processing timeout (30 s), reconnecting longer.
 */
export const LATENCY_BUCKETS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
