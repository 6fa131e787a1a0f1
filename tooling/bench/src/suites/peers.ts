/** The transports of NestJS, and kafkajs in batches, in turn with ebus on the same brokers, from publish to handler. */
import 'reflect-metadata';
import { createEventBus, type EventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { nats } from '@ebus/nats';
import { startService } from '@ebus/services';
import { Logger } from '@nestjs/common';
import { ClientKafka, ClientNats, ServerKafka, ServerNats } from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { bareEncode } from '../bare-codec.js';
import { type Contender, compare, ratio } from '../compare.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';
import { against, type Row, speedOf } from '../report.js';

const KEYS = aggregateIds(1_000);
const TOPIC = 'peers.orders';
const NEST_TOPIC = 'peers.nest';
const BATCHED = 'peers.batched';
const BATCH = 500;

export async function peers(rounds: number): Promise<Row[]> {
  Logger.overrideLogger(false);
  return [...(await onNats(rounds)), ...(await onKafka(rounds))];
}

interface NestClient {
  connect(): Promise<unknown>;
  emit(pattern: string, data: unknown): Parameters<typeof lastValueFrom>[0];
}

interface NestServer {
  addHandler(pattern: string, callback: (data: never) => Promise<unknown>, isEvent: boolean): void;
  listen(callback: (error?: unknown) => void): unknown;
}

async function onNats(rounds: number): Promise<Row[]> {
  const server = await startService('nats', { own: true, log: () => {} });
  const urls = [...server.addresses];
  const bus = await createEventBus(
    { type: 'nats', serviceName: 'peers', topics: { [TOPIC]: { persistence: 'ephemeral' } }, nats: { urls } },
    { plugins: [nats] },
  );
  const [client, consumer] = [
    new ClientNats({ servers: urls }),
    new ServerNats({ servers: urls, queue: 'q' }),
  ];
  try {
    const contenders = {
      nest: await nestContender('NestJS NATS transport, emit to handler', 20_000, client, consumer),
      ebus: await ebusContender('ebus on NATS, publishEnvelope to ordered handler', 60_000, bus),
    };
    const { nest, ebus } = await compare(contenders, rounds);
    return [
      speedOf(nest),
      { ...speedOf(ebus), ...against("NestJS' NATS transport, by the clock", ratio(ebus, nest, 'clock'), 4) },
      against("NestJS' NATS transport, by processor time", ratio(ebus, nest, 'processor')),
    ];
  } finally {
    await bus.close();
    await client.close();
    await consumer.close();
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
  const client = new ClientKafka({ client: { ...quiet, clientId: 'nest' }, producerOnlyMode: true });
  const consumer = new ServerKafka({ client: quiet, consumer: { groupId: 'nest' } });
  const producer = new kafkajs.Kafka(quiet).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    const contenders = {
      nest: await nestContender('NestJS Kafka transport, emit to handler', 3_000, client, consumer),
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
    await producer.disconnect();
    await client.close();
    await consumer.close();
    await broker.close();
  }
}

async function nestContender(
  name: string,
  messages: number,
  client: NestClient,
  server: NestServer,
): Promise<Contender> {
  const countdown = new Countdown();
  server.addHandler(NEST_TOPIC, async () => countdown.hit(), true);
  await new Promise<void>((resolve, reject) => {
    void server.listen((error) => (error ? reject(error) : resolve()));
  });
  await client.connect();
  return {
    name,
    messages,
    async run(count) {
      const handled = countdown.start(count);
      await pipelined(count, (i) => lastValueFrom(client.emit(NEST_TOPIC, keyed(i)), { defaultValue: null }));
      await handled;
    },
  };
}

/** As NestJS takes it, to write the key. */
function keyed(index: number) {
  const envelope = envelopeNumber(index, KEYS);
  return { key: envelope.aggregateId, value: envelope };
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
