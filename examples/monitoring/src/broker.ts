/** The transport that the shop runs on: in this process, or a broker started for it. */
import type { EventBusConfig, Plugin, TopicOptions } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { startService } from '@ebus/services';
import type { TransportName } from './arguments.js';

export interface Broker {
  readonly name: string;
  /** For people: what it is, and where it came from. */
  readonly on: string;
  readonly config: EventBusConfig;
  readonly plugins: readonly Plugin[];
  /** What suits topics here. */
  readonly topicOptions: TopicOptions;
  /** Stops the broker, or starts it again; absent where there is none to stop. */
  toggle?(): Promise<void>;
  close(): Promise<void>;
}

export async function startBroker(transport: TransportName): Promise<Broker> {
  if (transport === 'memory') {
    // Named, so that what is left at the end is kept with it.
    const config: EventBusConfig = { type: 'memory', memory: { broker: 'shop' } };
    return {
      name: 'memory',
      on: 'the in-process transport',
      config,
      plugins: [memory],
      topicOptions: {},
      close: async () => {},
    };
  }
  const server = await startService(transport, { own: true });
  const addresses = [...server.addresses];
  let up = true;
  const toggle = async () => {
    console.log(up ? `Stopping ${transport} ...` : `Starting ${transport} ...`);
    await (up ? server.stop(1) : server.restart(1));
    up = !up;
    console.log(up ? `${transport} is back.` : `${transport} is gone.`);
  };
  return {
    name: transport,
    on: `${transport} ${server.version} (${server.source})`,
    config:
      transport === 'nats'
        ? { type: 'nats', nats: { urls: addresses } }
        : { type: 'kafka', kafka: { brokers: addresses } },
    plugins: [transport === 'nats' ? nats : kafka],
    topicOptions: transport === 'kafka' ? { partitions: 4 } : {},
    toggle,
    close: () => server.close(),
  };
}
