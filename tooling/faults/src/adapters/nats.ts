/** Three servers of NATS, streams and consumers on all of them. */

import { createEventBus } from '@ebus/core';
import { startService } from '@ebus/services';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import {
  apply,
  authorization,
  deny,
  openRules,
  ROOT,
} from '../../../../packages/nats/src/testing/nats-rules.js';
import { type Cluster, forward, networksFor, permissionFaults } from '../cluster.js';
import { transportOf } from './transport.js';

const NODES = 3;
const LEASE_MS = 4_000;

export async function natsCluster(topic: string, partitions?: number): Promise<Cluster> {
  const networks = await networksFor(NODES);
  const service = await startService('nats', {
    own: true,
    nodes: NODES,
    // Clients go where the servers tell them to go.
    config: (node) => `client_advertise: "${networks[node - 1]?.address}"\n${authorization(openRules())}`,
  });
  forward(networks, service);
  const plain = await connect({
    servers: [...service.addresses],
    ...ROOT,
    maxReconnectAttempts: -1,
    ignoreClusterUpdates: true,
  });
  const manager = await jetstreamManager(plain);
  const stream = async () => {
    const names = await manager.streams.names(topic).next();
    return names[0] as string;
  };
  const consumer = async () => {
    const name = await stream();
    const all = await manager.consumers.list(name).next();
    return [name, all[Math.floor(Math.random() * all.length)]?.name] as const;
  };
  const stepDown = async (what: string) =>
    void (await plain.request(`$JS.API.${what}`, '', { timeout: 5_000 }));
  const settings = {
    reconnectWait: '100ms' as const,
    security: { enabled: true, username: 'app', password: openRules().password },
    jetstream: { ackWait: LEASE_MS, stream: { replicas: 3 } },
  };
  const config = (urls: readonly string[]) => ({
    type: 'nats' as const,
    serviceName: 'faults',
    nats: { urls: [...urls], ...settings },
  });
  let count = partitions ?? 1;
  /** Between as many as were asked for, and one. */
  const changePartitions = async () => {
    const bus = await createEventBus(config(service.addresses), {
      plugins: [await transportOf('nats')],
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    try {
      const wanted = count === 1 ? (partitions ?? 1) : 1;
      const allowed = { allowPartitionIncrease: true, allowPartitionDecrease: true };
      await bus.topics.configure(topic, { partitions: wanted }, allowed);
      count = wanted;
    } finally {
      await bus.close();
    }
  };
  return {
    config: {
      ...config(networks.map(({ address }) => `nats://${address}`)),
      topics: { [topic]: { replicas: 3, ...(partitions === undefined ? {} : { partitions }) } },
    },
    options: { ordering: 'cluster' },
    leaseMs: LEASE_MS,
    service,
    networks,
    faults: {
      ...permissionFaults(
        (use) => {
          const rules = openRules();
          deny(rules, topic, use);
          return apply(service, rules);
        },
        () => apply(service, openRules()),
      ),
      ...(partitions === undefined
        ? {}
        : { 'the topic gets another number of partitions': changePartitions }),
      'the leader of the stream steps down': async () => stepDown(`STREAM.LEADER.STEPDOWN.${await stream()}`),
      'the leader of the consumer steps down': async () => {
        const [name, durable] = await consumer();
        if (durable !== undefined) await stepDown(`CONSUMER.LEADER.STEPDOWN.${name}.${durable}`);
      },
      'the consumer is deleted': async () => {
        const [name, durable] = await consumer();
        if (durable !== undefined) await manager.consumers.delete(name, durable);
      },
    },
    close: async () => {
      await plain.close();
      await Promise.all(networks.map((network) => network.close()));
      await service.close();
    },
  };
}
