/** The relay, in a form that can be killed in the middle of its work, and started again. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createEventBus, type EventBus, type EventBusConfig } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { nats } from '@ebus/nats';
import { OutboxRelay, type OutboxRelayOptions } from '@ebus/outbox';
import { PostgresOutboxStore, type Queryable } from '@ebus/outbox/postgres';
import { cutOff } from './cut-off.js';
import { type Database, postgresDatabase } from './database.js';

/** Short, so that another relay soon takes over. 30 s, the default, suits services. */
const OPTIONS = { lease: '3s', pollInterval: '1s', health: false } satisfies Partial<OutboxRelayOptions>;

export interface RelayProcess {
  /** How it was ended. */
  readonly how: string;
  kill(): void;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** Within this process, where nothing can be killed: it is cut off from the database and from the bus instead. */
export async function embeddedRelay(bus: EventBus, { client }: Database): Promise<RelayProcess> {
  const life = new AbortController();
  const store = cutOff(new PostgresOutboxStore(client), life.signal);
  const relay = new OutboxRelay({ bus: cutOff(bus, life.signal), store, ...OPTIONS });
  await relay.start();
  return {
    how: 'cut off from database and bus',
    kill: () => life.abort(),
    stop: () => (life.signal.aborted ? Promise.resolve() : relay.stop()),
  };
}

const WORKER = 'relay-worker';

interface WorkerTask {
  readonly config: EventBusConfig;
  readonly databaseUrl: string;
}

/** In a process of its own, which can be killed for real. */
export async function forkedRelay(task: WorkerTask): Promise<RelayProcess> {
  const child = fork(process.argv[1] as string, [WORKER], {
    env: { ...process.env, EBUS_RELAY_TASK: JSON.stringify(task) },
  });
  const ended = once(child, 'exit');
  const [message] = await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the relay ended while it started; its reason is above'))),
  ]);
  if (message !== 'started') throw new Error(`the relay said '${String(message)}'`);
  return {
    how: `SIGKILL to process ${child.pid}`,
    kill: () => child.kill('SIGKILL'),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.send('stop');
      await ended;
    },
  };
}

/** Runs as the relay if this process was forked to be one; then true. */
export async function runAsWorker(args: readonly string[]): Promise<boolean> {
  if (args[0] !== WORKER) return false;
  const { config, databaseUrl } = JSON.parse(process.env.EBUS_RELAY_TASK ?? '{}') as WorkerTask;
  const database = await postgresDatabase(databaseUrl);
  const bus = await createEventBus(config, { plugins: [nats, kafka] });
  const relay = new OutboxRelay({
    bus,
    store: new PostgresOutboxStore(database.client as Queryable),
    ...OPTIONS,
  });
  await relay.start();
  process.send?.('started');
  await Promise.race([once(process, 'message'), once(process, 'disconnect')]);
  await relay.stop();
  await bus.close();
  await database.close();
  if (process.connected) process.disconnect();
  return true;
}
