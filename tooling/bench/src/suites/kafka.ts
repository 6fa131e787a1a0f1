/** Kafka: ebus, the bare librdkafka client and kafkajs in turn on one broker, doing the same job. */
import rdkafka, {
  type KafkaConsumer,
  type Message,
  type MessageHeader,
  type Producer,
} from '@confluentinc/kafka-javascript';
import { createEventBus, type Envelope, type EventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { startService } from '@ebus/services';
import kafkajs from 'kafkajs';
import { bareDecode, bareEncode } from '../bare-codec.js';
import { type Contender, compare, median, ratio } from '../compare.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';
import { against, type Row, speedOf } from '../report.js';

const KEYS = aggregateIds(1000);
const ENVELOPES = 'bench.envelopes';
const RAW_ENVELOPES = 'bench-raw.envelopes';
const STORED = 'bench.stored';
const STORED_MESSAGES = 200_000;
const PARTITIONS = 4;
/** As many unacknowledged as both sides are comfortable with. */
const PACE = { batch: 5_000, turn: true };

/** What all sides work with: clients of their own to one broker. */
interface Sides {
  readonly brokers: string;
  readonly bus: EventBus;
  readonly producer: Producer;
  readonly oneByOne: kafkajs.Producer;
}

export async function kafkaSuite(rounds: number): Promise<Row[]> {
  const broker = await startService('kafka', { own: true, log: () => {} });
  const sides = await connectAll(broker.addresses);
  try {
    return await measureAll(sides, rounds);
  } finally {
    await sides.bus.close();
    await sides.oneByOne.disconnect();
    await new Promise((resolve) => sides.producer.disconnect(1_000, resolve));
    await broker.close();
  }
}

async function measureAll(sides: Sides, rounds: number): Promise<Row[]> {
  const sent = await compare(
    {
      raw: rawProduce(sides),
      same: rawProduce(sides, headersOf),
      ebus: ebusPublish(sides),
      js: kafkajsSend(sides),
    },
    rounds,
  );
  const all = Array.from({ length: STORED_MESSAGES }, (_, i) => envelopeNumber(i, KEYS));
  await sides.bus.publishEnvelopes(STORED, all);
  const joined: Joined = { raw: [], ebus: [] };
  const contenders = { raw: rawConsume(sides, joined), ebus: ebusConsume(sides, joined) };
  const consumed = await compare(contenders, rounds);
  return [
    speedOf(sent.same),
    {
      ...speedOf(sent.ebus),
      ...against(
        'the producer with the same headers, by the clock',
        ratio(sent.ebus, sent.same, 'clock'),
        0.9,
      ),
    },
    against(
      'the producer with the same headers, by processor time',
      ratio(sent.ebus, sent.same, 'processor'),
      0.8,
    ),
    speedOf(sent.raw),
    against('the producer without headers, by the clock', ratio(sent.ebus, sent.raw, 'clock')),
    speedOf(sent.js),
    against('kafkajs sending one by one, by the clock', ratio(sent.ebus, sent.js, 'clock'), 30),
    speedOf(consumed.raw),
    {
      ...speedOf(consumed.ebus),
      ...against('the classic consumer, by the clock', ratio(consumed.ebus, consumed.raw, 'clock'), 1),
    },
    against('the classic consumer, by processor time', ratio(consumed.ebus, consumed.raw, 'processor')),
    {
      against: 'ms to the first message: the classic consumer / ebus',
      figure: `${median(joined.raw).toFixed(0)} / ${median(joined.ebus).toFixed(0)}`,
    },
  ];
}

async function connectAll(addresses: readonly string[]): Promise<Sides> {
  const topics = Object.fromEntries(
    [ENVELOPES, RAW_ENVELOPES, STORED].map((topic) => [topic, { partitions: PARTITIONS }]),
  );
  const bus = await createEventBus(
    { type: 'kafka', serviceName: 'bench', topics, kafka: { brokers: [...addresses] } },
    { plugins: [kafka] },
  );
  const brokers = addresses.join(',');
  const producer = new rdkafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    'linger.ms': 5,
    dr_cb: true,
  });
  await new Promise<void>((resolve, reject) =>
    producer.connect({}, (error) => (error ? reject(error) : resolve())),
  );
  producer.setPollInBackground(true);
  producer.on('delivery-report', (error, { opaque }) => (opaque as (error: unknown) => void)(error));
  const oneByOne = new kafkajs.Kafka({
    brokers: [...addresses],
    logLevel: kafkajs.logLevel.NOTHING,
  }).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await oneByOne.connect();
  return { brokers, bus, producer, oneByOne };
}

let eventNumber = 0;

/** What ebus sends along with an envelope. The client needs microseconds for them. */
function headersOf(envelope: Envelope): MessageHeader[] {
  return [
    { 'X-Event-ID': envelope.eventId },
    { 'X-Aggregate-ID': envelope.aggregateId },
    { 'X-Event-Version': String(envelope.eventVersion) },
    { 'X-Event-Type': envelope.eventType },
  ];
}

function rawProduce({ producer }: Sides, headers?: typeof headersOf): Contender {
  return {
    name: `classic producer, delivery reports awaited${headers === undefined ? '' : ', the same headers'}`,
    messages: 100_000,
    run: (messages) =>
      pipelined(
        messages,
        () => {
          const envelope = envelopeNumber(eventNumber++, KEYS);
          return new Promise<void>((resolve, reject) => {
            const settled = (error: unknown) => (error ? reject(error) : resolve());
            const value = bareEncode(envelope) as Buffer;
            const { aggregateId: key } = envelope;
            producer.produce(RAW_ENVELOPES, null, value, key, null, settled, headers?.(envelope));
          });
        },
        PACE,
      ),
  };
}

function ebusPublish({ bus }: Sides): Contender {
  return {
    name: 'ebus publishEnvelope, pipelined',
    messages: 100_000,
    run: (messages) =>
      pipelined(messages, () => bus.publishEnvelope(ENVELOPES, envelopeNumber(eventNumber++, KEYS)), PACE),
  };
}

function kafkajsSend({ oneByOne }: Sides): Contender {
  return {
    name: 'kafkajs, one by one',
    messages: 1_000,
    async run(messages) {
      for (let i = 0; i < messages; i++) {
        const envelope = envelopeNumber(eventNumber++, KEYS);
        const value = bareEncode(envelope) as Buffer;
        await oneByOne.send({ topic: RAW_ENVELOPES, messages: [{ key: envelope.aggregateId, value }] });
      }
    },
  };
}

let groups = 0;

/** Milliseconds from subscribing to the first message, by round. It is no matter of speed: the rest is measured from there on. */
interface Joined {
  readonly raw: number[];
  readonly ebus: number[];
}

/** Decodes and stores offsets, as the simplest service does that wants each message handled at least once. */
function rawConsume({ brokers }: Sides, joined: Joined): Contender {
  return {
    name: 'classic consumer, decode, store offsets',
    messages: STORED_MESSAGES,
    async run(messages, begin) {
      const called = performance.now();
      const consumer: KafkaConsumer = new rdkafka.KafkaConsumer({
        'bootstrap.servers': brokers,
        'group.id': `raw-${++groups}`,
        'enable.auto.offset.store': false,
        'auto.offset.reset': 'earliest',
        'partition.assignment.strategy': 'cooperative-sticky',
      } as never);
      consumer.setDefaultConsumeTimeout(20);
      (consumer as unknown as { setDefaultIsTimeoutOnlyForFirstMessage(is: boolean): void }) //
        .setDefaultIsTimeoutOnlyForFirstMessage(true);
      await new Promise<void>((resolve, reject) =>
        consumer.connect({}, (error) => (error ? reject(error) : resolve())),
      );
      consumer.subscribe([STORED]);
      let left = messages;
      while (left > 0) {
        const batch = await new Promise<Message[]>((resolve, reject) =>
          consumer.consume(500, (error, received) => (error ? reject(error) : resolve(received))),
        );
        if (left === messages && batch.length > 0) {
          joined.raw.push(performance.now() - called);
          begin();
        }
        const next = new Map<number, number>();
        for (const { value, partition, offset } of batch) {
          bareDecode(value as Buffer);
          next.set(partition, offset + 1);
        }
        left -= batch.length;
        const offsets = [...next].map(([partition, offset]) => ({ topic: STORED, partition, offset }));
        if (offsets.length > 0) consumer.offsetsStore(offsets as never);
      }
      await new Promise((resolve) => consumer.disconnect(resolve));
    },
  };
}

function ebusConsume({ bus }: Sides, joined: Joined): Contender {
  return {
    name: 'ebus subscribeEnvelope, ordered',
    messages: STORED_MESSAGES,
    async run(messages, begin) {
      const called = performance.now();
      const countdown = new Countdown();
      const handled = countdown.start(messages);
      const group = `ebus-${++groups}`;
      let isFirst = true;
      const handler = () => {
        if (isFirst) {
          isFirst = false;
          joined.ebus.push(performance.now() - called);
          begin();
        }
        countdown.hit();
      };
      const subscription = await bus.subscribeEnvelope(STORED, handler, { group });
      await handled;
      await subscription.close();
    },
  };
}
