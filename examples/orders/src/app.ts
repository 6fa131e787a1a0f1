/** The parts of the example, joined: service, relay, projection, and the server of the page. */
import { createEventBus, type EventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { outboxed } from '@ebus/outbox';
import { PostgresOutboxStore } from '@ebus/outbox/postgres';
import type { TransportName } from './arguments.js';
import { type Surroundings, startSurroundings } from './broker.js';
import { Orders } from './orders.js';
import { Projection } from './projection.js';
import { embeddedRelay, forkedRelay, type RelayProcess } from './relay.js';
import { type PageServer, servePage } from './server.js';
import { readTables } from './state.js';

export interface App {
  readonly url: string;
  /** For people: the database and the transport. */
  readonly on: string;
  close(): Promise<void>;
}

/** Lines of the page's log that are kept. */
const LOG_LINES = 30;

export async function startApp(transport: TransportName, port: number, host: string): Promise<App> {
  const around = await startSurroundings(transport);
  try {
    return await start(around, port, host);
  } catch (error) {
    await around.close();
    throw error;
  }
}

async function start(around: Surroundings, port: number, host: string): Promise<App> {
  const { config, database, databaseUrl, on } = around;
  const log: string[] = [];
  const say = (text: string) => {
    log.unshift(`${new Date().toISOString().slice(11, 19)} ${text}`);
    log.length = Math.min(log.length, LOG_LINES);
  };
  const bus: EventBus = await createEventBus(config, {
    plugins: [memory, nats, kafka],
    // The page's log tells of the failures that its buttons cause.
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: console.error },
  });
  bus.on('handlerError', ({ message, attempt, action }) =>
    say(`projection: attempt ${attempt} for ${message.key ?? '?'} failed (${action})`),
  );
  bus.on('deadLettered', ({ message, deadLetterTopic }) =>
    say(`projection: ${message.key ?? '?'} went to ${deadLetterTopic}`),
  );

  const orders = new Orders(database, outboxed(bus, new PostgresOutboxStore(database.client)));
  const projection = new Projection(bus, database);
  await projection.open();
  const startRelay = () =>
    databaseUrl === undefined ? embeddedRelay(bus, database) : forkedRelay({ config, databaseUrl });
  let relay: RelayProcess | undefined = await startRelay();
  say('relay: started');

  const server: PageServer = await servePage(
    {
      orders,
      state: async () => ({
        on,
        relay: relay !== undefined,
        log,
        projection: projection.counts,
        ...(await readTables(database)),
      }),
      failHandler: () => {
        projection.failNext(2);
        say('projection: the next two attempts will fail');
      },
      killRelay: () => {
        if (relay === undefined) return;
        relay.kill();
        say(`relay: killed (${relay.how}); what it had leased is free in 3 s`);
        relay = undefined;
      },
      startRelay: async () => {
        relay ??= await startRelay();
        say('relay: started');
      },
    },
    port,
    host,
  );
  return {
    url: server.url,
    on,
    close: async () => {
      await server.close();
      await relay?.stop();
      await bus.close({ timeout: '5s' });
      await around.close();
    },
  };
}
