/** Which subscriptions are settled by prefix. Pure. */
import { ConfigError, type SubscriptionSpec } from '@ebus/core/driver';
import type { StreamConfig } from '@nats-io/jetstream';

type AckPolicy = 'explicit' | 'all';

/**
 * With `all` an acknowledgement by one member would confirm the messages of another one: only one may take messages at a time. The members
 * of an unordered subscription share a consumer, so that each message of it is acknowledged by itself, whatever is configured.
 *
 * @param configured `nats.jetstream.consumer.ackPolicy`
 * @param isUnified the subscription shares the consumer of `nats.jetstream.consumer.topics`
 * @throws ConfigError where members share a consumer that is to be settled by prefix
 */
export function ackPolicyFor(
  { topic, group, durable, ordering }: Pick<SubscriptionSpec, 'topic' | 'group' | 'durable' | 'ordering'>,
  configured: AckPolicy,
  isUnified: boolean,
): AckPolicy {
  // Without a durable group nobody is to go on where this process stopped.
  if (configured === 'explicit' || !durable) return 'explicit';
  if (ordering === 'cluster') return 'all';
  if (ordering === 'none' && !isUnified) return 'explicit';
  const which =
    ordering === 'none' ? 'an unordered subscription to a unified consumer' : "ordering 'instance'";
  const remedy =
    ordering === 'none'
      ? 'Take the topic out of nats.jetstream.consumer.topics'
      : "Give ordering 'cluster' (from NATS 2.11 on, and its default there)";
  throw new ConfigError(
    `nats.jetstream.consumer.ackPolicy 'all' cannot be used for group '${group}' on '${topic}' (${which}): several instances take ` +
      `messages of one consumer, and each would confirm the others'. ${remedy}, or set ackPolicy to 'explicit'`,
  );
}

/**
 * Where the server removes a message that is in flight, it confirms it, and with ack policy `all` the older ones as well, which may not be
 * handled. Limits of the whole stream remove the oldest first, and so do no harm.
 *
 * @throws ConfigError where messages go one by one
 */
export function checkRemovals(
  topic: string,
  {
    name,
    ...config
  }: Pick<StreamConfig, 'name'> & { max_msgs_per_subject?: number; allow_msg_ttl?: boolean },
): void {
  const limit = config.allow_msg_ttl === true ? 'allow_msg_ttl' : 'max_msgs_per_subject';
  if (limit === 'max_msgs_per_subject' && !((config.max_msgs_per_subject ?? 0) > 0)) return;
  throw new ConfigError(
    `nats.jetstream.consumer.ackPolicy 'all' cannot be used for '${topic}': stream '${name}' removes single messages (${limit}), and ` +
      "with each the server would confirm the older ones in flight. Take that off the stream, or set ackPolicy to 'explicit'",
  );
}
