/** What a nemesis breaks: some nodes, the networks in front of them, and what else an adapter's broker offers. */
import { TcpProxy } from '@ebus/conformance';
import type { EventBusConfig, SubscribeOptions } from '@ebus/core';
import type { Service } from '@ebus/services';

export interface Cluster {
  readonly config: EventBusConfig;
  /** Of the consumers: what it takes to promise order over all of them. */
  readonly options: SubscribeOptions;
  /** A member that sleeps for longer loses its events. Undefined where it may lose them otherwise without being able to know. */
  readonly leaseMs?: number;
  readonly service: Service;
  /** One for each node, in the same order. */
  readonly networks: readonly TcpProxy[];
  /** Faults that only this broker has. Each is over when it resolves. What it takes away it gives back after `pause`. */
  readonly faults: Readonly<Record<string, (pause: () => Promise<void>) => Promise<void>>>;
  close(): Promise<void>;
}

/** Listening already, so that servers can be told to name them to clients. */
export function networksFor(nodes: number): Promise<TcpProxy[]> {
  return Promise.all(Array.from({ length: nodes }, () => TcpProxy.start()));
}

export function forward(networks: readonly TcpProxy[], { addresses }: Service): void {
  for (const [i, network] of networks.entries()) network.forwardTo(addresses[i] as string);
}

/** Takes the permission to publish, or to consume, away for a while. */
export function permissionFaults(
  deny: (use: 'publish' | 'subscribe') => Promise<void>,
  restore: () => Promise<void>,
): Cluster['faults'] {
  const denied = (use: 'publish' | 'subscribe') => async (pause: () => Promise<void>) => {
    await deny(use);
    try {
      await pause();
    } finally {
      await restore();
    }
  };
  return { 'nobody may publish': denied('publish'), 'nobody may consume': denied('subscribe') };
}
