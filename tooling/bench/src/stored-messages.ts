/** Consuming what a stream holds: ebus, and the plain client in several ways. */
import type { EventBus } from '@ebus/core';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { bareDecode } from './bare-codec.js';
import type { Contender } from './compare.js';
import { aggregateIds, envelopeNumber } from './envelopes.js';
import { Countdown } from './pipelined.js';

export const STORED = 'bench.stored';
const KEYS = aggregateIds(1000);
/** Before the messages that count: a subscription lives for long, and the engine compiles its code while it is young. */
const WARM_UP = 100_000;
const MEASURED = 150_000;
const CHUNK = 25_000;
/** How often the plain client acknowledges where one acknowledgement settles all before it. */
const PREFIX = 100;
/** The server waits so long for the active client before it chooses another one. */
const PINNED_NS = 30e9;
const GROUP = 'active';

/** Publishes the messages that each contender consumes in each round. */
export async function store(bus: EventBus): Promise<void> {
  for (let first = 0; first < WARM_UP + MEASURED; first += CHUNK) {
    const some = Array.from({ length: CHUNK }, (_, i) => envelopeNumber(first + i, KEYS));
    await bus.publishEnvelopes(STORED, some);
  }
}

/** The plain client, and the stream that holds the messages. */
interface RawSide {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly connection: NatsConnection;
  readonly stream: string;
}

interface RawConsuming {
  /** One client of the consumer at a time gets messages, as with ebus: order holds among the members of a group. */
  readonly oneActive?: boolean;
  /** One acknowledgement settles all messages before it. */
  readonly byPrefix?: boolean;
}

let consumers = 0;

export function rawConsume(
  { client, manager, connection, stream }: RawSide,
  { oneActive, byPrefix }: RawConsuming,
): Contender {
  const how = [...(oneActive ? ['one active client'] : []), ...(byPrefix ? ['ack policy all'] : [])];
  return {
    name: `${['nats.js consume', ...how].join(', ')}, decode, ack`,
    messages: MEASURED,
    async run(messages, begin) {
      const name = `raw-${++consumers}`;
      const config = {
        durable_name: name,
        ack_policy: byPrefix ? 'all' : 'explicit',
        filter_subject: STORED,
        max_ack_pending: 1000,
        ...(oneActive
          ? { priority_groups: [GROUP], priority_policy: 'pinned_client', priority_timeout: PINNED_NS }
          : {}),
      };
      await manager.consumers.add(stream, config as never);
      const consumer = await client.consumers.get(stream, name);
      const countdown = countdownOf(messages, begin);
      let unsaid = 0;
      const running = await consumer.consume({
        max_messages: 500,
        ...(oneActive ? { group: GROUP } : {}),
        callback: (message) => {
          const { buffer, byteOffset, length } = message.data;
          bareDecode(Buffer.from(buffer, byteOffset, length));
          if (!byPrefix || ++unsaid % PREFIX === 0) message.ack();
          countdown.hit();
        },
      });
      await countdown.handled;
      await connection.flush();
      await running.close();
    },
  };
}

export function ebusConsume(bus: EventBus, name: string): Contender {
  return {
    name,
    messages: MEASURED,
    async run(messages, begin) {
      const countdown = countdownOf(messages, begin);
      const group = `ebus-${++consumers}`;
      const subscription = await bus.subscribeEnvelope(STORED, () => countdown.hit(), { group });
      await countdown.handled;
      await subscription.close();
    },
  };
}

/** Of the warm-up and the messages that count. */
function countdownOf(messages: number, begin: () => void) {
  const countdown = new Countdown();
  const handled = countdown.start(WARM_UP + messages);
  countdown.at(messages, begin);
  return { handled, hit: () => countdown.hit() };
}
