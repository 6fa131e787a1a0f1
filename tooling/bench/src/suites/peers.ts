/** The transports of NestJS, and kafkajs in batches, in turn with ebus on the same brokers, from publish to handler. */
import { createEventBus, type EventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { nats } from '@ebus/nats';
import { startService } from '@ebus/services';
import kafkajs from 'kafkajs';
import { bareEncode } from '../bare-codec.js';
import { type Contender, compare, ratio } from '../compare.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { nestContender } from '../nest/contender.js';
import { NEST_TOPIC } from '../nest/process.js';
import { Countdown, pipelined } from '../pipelined.js';
import { against, type Row, speedOf } from '../report.js';

const KEYS = aggregateIds(1_000);
const TOPIC = 'peers.orders';
const BATCHED = 'peers.batched';
const BATCH = 500;

export async function peers(rounds: number): Promise<Row[]> {
  return [...(await onNats(rounds)), ...(await onKafka(rounds))];
}

async function onNats(rounds: number): Promise<Row[]> {
  const server = await startService('nats', { own: true, log: () => {} });
  const urls = [...server.addresses];
  const bus = await createEventBus(
    { type: 'nats', serviceName: 'peers', topics: { [TOPIC]: { persistence: 'ephemeral' } }, nats: { urls } },
    { plugins: [nats] },
  );
  const nestOnNats = await nestContender('NestJS NATS transport, emit to handler', 60_000, 'nats', urls);
  try {
    const contenders = {
      nest: nestOnNats,
      ebus: await ebusContender('ebus on NATS, publishEnvelope to ordered handler', 60_000, bus),
    };
    const { nest, ebus } = await compare(contenders, rounds);
    return [
      speedOf(nest),
      { ...speedOf(ebus), ...against("NestJS' NATS transport, by the clock", ratio(ebus, nest, 'clock'), 4) },
      against("NestJS' NATS transport, by processor time", ratio(ebus, nest, 'processor')),
    ];
  } finally {
    nestOnNats.close();
    await bus.close();
    await server.close();
  }
}

async function onKafka(rounds: number): Promise<Row[]> {
  const broker = await startService('kafka', { own: true, log: () => {} });
  const brokers = [...broker.addresses];
  const topics = {
    [TOPIC]: { partitions: 4 },
    [NEST_TOPIC]: { partitions: 4 },
    [BATCHED]: { partitions: 4 },
  };
  const bus = await createEventBus(
    { type: 'kafka', serviceName: 'peers', topics, kafka: { brokers } },
    { plugins: [kafka] },
  );
  const quiet = { brokers, logLevel: kafkajs.logLevel.NOTHING };
  const producer = new kafkajs.Kafka(quiet).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const nestOnKafka = await nestContender('NestJS Kafka transport, emit to handler', 3_000, 'kafka', brokers);
  try {
    const contenders = {
      nest: nestOnKafka,
      batched: batchedContender(producer),
      ebus: await ebusContender('ebus on Kafka, publishEnvelope to ordered handler', 50_000, bus),
      publish: publishContender(bus),
    };
    const { nest, batched, ebus, publish } = await compare(contenders, rounds);
    return [
      speedOf(nest),
      {
        ...speedOf(ebus),
        ...against("NestJS' Kafka transport, by the clock", ratio(ebus, nest, 'clock'), 8),
      },
      against("NestJS' Kafka transport, by processor time", ratio(ebus, nest, 'processor')),
      speedOf(batched),
      {
        ...speedOf(publish),
        ...against('kafkajs in batches, by the clock', ratio(publish, batched, 'clock')),
      },
    ];
  } finally {
    await bus.close();
    nestOnKafka.close();
    await producer.disconnect();
    await broker.close();
  }
}

let number = 0;

async function ebusContender(name: string, messages: number, bus: EventBus): Promise<Contender> {
  const countdown = new Countdown();
  await bus.subscribeEnvelope(TOPIC, () => countdown.hit());
  return {
    name,
    messages,
    async run(count) {
      const handled = countdown.start(count);
      await pipelined(count, () => bus.publishEnvelope(TOPIC, envelopeNumber(number++, KEYS)));
      await handled;
    },
  };
}

function batchedContender(producer: kafkajs.Producer): Contender {
  return {
    name: `kafkajs, batches of ${BATCH}`,
    messages: 50_000,
    async run(count) {
      for (let sent = 0; sent < count; sent += BATCH) {
        const messages = Array.from({ length: Math.min(BATCH, count - sent) }, () => {
          const envelope = envelopeNumber(number++, KEYS);
          return { key: envelope.aggregateId, value: bareEncode(envelope) as Buffer };
        });
        await producer.send({ topic: BATCHED, messages });
      }
    },
  };
}

function publishContender(bus: EventBus): Contender {
  return {
    name: 'ebus publishEnvelope, pipelined',
    messages: 50_000,
    run: (count) =>
      pipelined(count, () => bus.publishEnvelope(BATCHED, envelopeNumber(number++, KEYS)), {
        batch: 5_000,
        turn: true,
      }),
  };
}
