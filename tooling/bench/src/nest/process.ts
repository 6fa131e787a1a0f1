/**
 * The transports of NestJS in a process of their own. In that of ebus they would be slower: ebus has Node follow the asynchronous context
 * of handlers, and before version 24 Node then looks at each promise of the process.
 */
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ClientKafka, ClientNats, ServerKafka, ServerNats } from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';

export const NEST_TOPIC = 'peers.nest';
const KEYS = aggregateIds(1_000);

/** What the process says: it is ready, or so much processor time was used for all messages. */
export type NestWord = { readonly what: 'ready' } | { readonly what: 'done'; readonly processor: number };

interface NestClient {
  connect(): Promise<unknown>;
  emit(pattern: string, data: unknown): Parameters<typeof lastValueFrom>[0];
}

interface NestServer {
  addHandler(pattern: string, callback: (data: never) => Promise<unknown>, isEvent: boolean): void;
  listen(callback: (error?: unknown) => void): unknown;
}

/** Handles so many messages for each number that the parent sends. Ends with the parent. */
export async function nestProcess([transport, ...addresses]: readonly string[]): Promise<void> {
  Logger.overrideLogger(false);
  const { client, server } = transport === 'nats' ? onNats(addresses) : onKafka(addresses);
  const countdown = new Countdown();
  server.addHandler(NEST_TOPIC, async () => countdown.hit(), true);
  await new Promise<void>((resolve, reject) => {
    void server.listen((error) => (error ? reject(error) : resolve()));
  });
  await client.connect();
  process.on('message', async (count: number) => {
    const before = process.cpuUsage();
    const handled = countdown.start(count);
    await pipelined(count, (i) => lastValueFrom(client.emit(NEST_TOPIC, keyed(i)), { defaultValue: null }));
    await handled;
    const { user, system } = process.cpuUsage(before);
    say({ what: 'done', processor: (user + system) / 1e6 });
  });
  process.on('disconnect', () => process.exit());
  say({ what: 'ready' });
}

function onNats(servers: string[]): { client: NestClient; server: NestServer } {
  return { client: new ClientNats({ servers }), server: new ServerNats({ servers, queue: 'q' }) };
}

function onKafka(brokers: string[]): { client: NestClient; server: NestServer } {
  const quiet = { brokers, logLevel: kafkajs.logLevel.NOTHING };
  return {
    client: new ClientKafka({ client: { ...quiet, clientId: 'nest' }, producerOnlyMode: true }),
    server: new ServerKafka({ client: quiet, consumer: { groupId: 'nest' } }),
  };
}

/** As NestJS takes it, to write the key. */
function keyed(index: number) {
  const envelope = envelopeNumber(index, KEYS);
  return { key: envelope.aggregateId, value: envelope };
}

function say(word: NestWord): void {
  process.send?.(word);
}
