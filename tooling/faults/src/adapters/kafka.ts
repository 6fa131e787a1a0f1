/** Three brokers of Kafka. */
import { startService } from '@ebus/services';
import { type Cluster, forward, networksFor } from '../cluster.js';

const NODES = 3;

export async function kafkaCluster(topic: string): Promise<Cluster> {
  const networks = await networksFor(NODES);
  const service = await startService('kafka', {
    own: true,
    nodes: NODES,
    // Clients go where the brokers tell them to go.
    advertised: (node) => networks[node - 1]?.address as string,
  });
  forward(networks, service);
  return {
    config: {
      type: 'kafka',
      serviceName: 'faults',
      topics: { [topic]: { partitions: 6, replicas: 3 } },
      kafka: {
        brokers: networks.map(({ address }) => address),
        consumer: { sessionTimeout: '6s', heartbeatInterval: '1s' },
      },
    },
    options: {},
    service,
    networks,
    faults: {},
    close: async () => {
      await Promise.all(networks.map((network) => network.close()));
      await service.close();
    },
  };
}
