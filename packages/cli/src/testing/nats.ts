/** A plain client for what ebus would not do: streams and consumers with other settings than its own. */
import { AckPolicy, type ConsumerConfig, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';

/** Gives the work a connection, and closes it afterwards. */
export async function managed<T>(
  urls: readonly string[],
  work: (manager: JetStreamManager, connection: NatsConnection) => Promise<T>,
  login: ConnectionOptions = {},
): Promise<T> {
  const connection = await connect({ ...login, servers: urls.map((url) => url.replace('nats://', '')) });
  try {
    return await work(await jetstreamManager(connection), connection);
  } finally {
    await connection.close();
  }
}

/** The name of a stream for a topic. */
export const streamOf = (topic: string) => topic.replaceAll('.', '_');

/** The consumer that ebus would use for the group, of a topic whose name needs no other form in it. */
export function consumerOf(topic: string, group: string): ConsumerConfig & { durable_name: string } {
  return {
    durable_name: `${group}-${streamOf(topic)}`,
    ack_policy: AckPolicy.Explicit,
    filter_subject: topic,
  } as ConsumerConfig & { durable_name: string };
}
