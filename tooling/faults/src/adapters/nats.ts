/** Three servers of NATS, streams and consumers on all of them. */

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

const NODES = 3;

export async function natsCluster(topic: string): Promise<Cluster> {
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
    const [info] = await manager.consumers.list(name).next();
    return [name, info?.name] as const;
  };
  const stepDown = async (what: string) =>
    void (await plain.request(`$JS.API.${what}`, '', { timeout: 5_000 }));
  return {
    config: {
      type: 'nats',
      serviceName: 'faults',
      topics: { [topic]: { replicas: 3 } },
      nats: {
        urls: networks.map(({ address }) => `nats://${address}`),
        reconnectWait: '100ms',
        security: { enabled: true, username: 'app', password: openRules().password },
        jetstream: {
          ackWait: '4s',
          stream: { replicas: 3 },
        },
      },
    },
    options: { ordering: 'cluster' },
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
