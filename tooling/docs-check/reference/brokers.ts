/** The table of what differs by broker, from what the drivers declare. */
import type { Capabilities } from '@ebus/core/driver';
import { capabilitiesOf as kafkaCapabilities } from '../../../packages/kafka/src/capabilities.js';
import { kafkaConfigSchema } from '../../../packages/kafka/src/config-schema.js';
import { brokerFor } from '../../../packages/memory/src/broker.js';
import { MemoryDriver } from '../../../packages/memory/src/memory-driver.js';
import { capabilitiesOf as natsCapabilities } from '../../../packages/nats/src/capabilities.js';
import { page, table } from './page.js';

type ServerInfo = NonNullable<Parameters<typeof natsCapabilities>[1]>;

const kafka = kafkaConfigSchema.parse({ brokers: ['localhost:9092'] });
const memory = new MemoryDriver(brokerFor({}));
const server = (version: string) => ({ version }) as ServerInfo;

/** A column: a broker with one kind of topic. */
const COLUMNS: readonly (readonly [name: string, capabilities: Capabilities])[] = [
  ['Kafka, persistent', kafkaCapabilities(kafka, 'persistent')],
  ['Kafka, ephemeral', kafkaCapabilities(kafka, 'ephemeral')],
  ['JetStream, server 2.11 and newer', natsCapabilities('persistent', server('2.11.0'))],
  ['JetStream, older servers', natsCapabilities('persistent', server('2.10.0'))],
  ['Core NATS (ephemeral)', natsCapabilities('ephemeral', server('2.11.0'))],
  ['memory, persistent', memory.capabilities('persistent')],
  ['memory, ephemeral', memory.capabilities('ephemeral')],
];

type Fact = readonly [question: string, answer: (capabilities: Capabilities) => string];

const yes = (does: boolean | undefined) => (does === true ? 'yes' : 'no');

/** A row for each capability; the type asks for every one. */
const FACTS: Readonly<Record<Exclude<keyof Capabilities, 'maxMessageBytes'>, Fact>> = {
  acknowledged: [
    'A receipt of `publish` means that the broker has stored the message',
    ({ acknowledged }) => yes(acknowledged),
  ],
  redelivery: [
    'Unsettled messages come again after a crash: at-least-once delivery',
    ({ redelivery }) => yes(redelivery),
  ],
  ordering: [
    'Order per aggregate holds across the members of a group',
    ({ ordering }) => (ordering === 'cluster' ? 'yes' : 'within each instance'),
  ],
  settle: [
    'Progress on the broker',
    ({ settle }) =>
      ({ none: 'none', prefix: 'one position per partition', individual: 'each message' })[settle],
  ],
  replay: ["A new group can start in the past (`from: 'earliest'` or a date)", ({ replay }) => yes(replay)],
  lag: ['Lag can be asked for: backlog monitors, lag metrics', ({ lag }) => yes(lag)],
  browse: [
    'Dead letters can be listed and redriven (`bus.deadLetters`) on a topic of this kind',
    ({ browse }) => yes(browse),
  ],
  inspect: [
    "The broker's topics and their groups can be listed (`bus.inspect`)",
    ({ inspect }) => yes(inspect),
  ],
  parking: ["Keys can be parked (`onExhausted: 'park'`)", ({ parking }) => yes(parking)],
  dedupe: ['The broker stores one message id once (within its window)', ({ dedupe }) => yes(dedupe)],
  retriesInClient: [
    'The client retries sends by itself, in order',
    ({ retriesInClient }) => yes(retriesInClient),
  ],
  tombstones: [
    'An absent value (`publish(topic, null, { key })`) differs from an empty one',
    ({ tombstones }) => yes(tombstones),
  ],
};

/** The whole page. */
export function brokersPage(): string {
  const rows = Object.values(FACTS).map(([question, answer]) => [
    question,
    ...COLUMNS.map(([, capabilities]) => answer(capabilities)),
  ]);
  return page(
    'Differences between brokers',
    'The code of a service is the same on each broker. The table shows the abilities that each driver declares. ebus refuses an ' +
      'option that needs a missing one, when the subscription or topic is set up, with code ' +
      '[`UNSUPPORTED`](errors.md#unsupported).',
    table(['', ...COLUMNS.map(([name]) => name)], rows),
    [
      '- Kafka declares `requiredAcks: -1` here. With `requiredAcks: 1` the client keeps no order across its own retries.',
      '- With `nats.jetstream.enabled: false` every topic on NATS is ephemeral.',
      '- The adapters’ own pages: [`@ebus/kafka`](../../packages/kafka), [`@ebus/nats`](../../packages/nats), ' +
        '[`@ebus/memory`](../../packages/memory). The picture of a topic on each broker is in ' +
        '[topics](../guides/topics.md#one-topic-on-each-broker).',
    ].join('\n'),
  );
}
