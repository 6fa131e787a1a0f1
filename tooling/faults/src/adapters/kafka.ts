/** Three brokers of Kafka. */
import { startService } from '@ebus/services';
import kafkajs from 'kafkajs';
import { deny, login, ROOT, restore, rules } from '../../../../packages/kafka/src/testing/kafka-rules.js';
import { type Cluster, forward, networksFor, permissionFaults } from '../cluster.js';

const NODES = 3;
/** Leaders go where the first replica is, soon after they could. */
const leaders = ['leader.imbalance.check.interval.seconds=2', 'leader.imbalance.per.broker.percentage=0'];

export async function kafkaCluster(topic: string, partitions = 6): Promise<Cluster> {
  const networks = await networksFor(NODES);
  const service = await startService('kafka', {
    own: true,
    nodes: NODES,
    protocol: 'SASL_PLAINTEXT',
    config: [rules, ...leaders].join('\n'),
    // Clients go where the brokers tell them to go.
    advertised: (node) => networks[node - 1]?.address as string,
  });
  forward(networks, service);
  const brokers = networks.map(({ address }) => address);
  const root = new kafkajs.Kafka({ brokers, sasl: ROOT, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await root.connect();
  let turn = 0;
  const moveLeaders = async () => {
    turn++;
    const partitionAssignment = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      replicas: Array.from({ length: NODES }, (__, i) => 1 + ((partition + turn + i) % NODES)),
    }));
    await root.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  };
  return {
    config: {
      type: 'kafka',
      serviceName: 'faults',
      topics: { [topic]: { partitions, replicas: 3 } },
      kafka: {
        brokers,
        ...login('right').kafka,
        consumer: { sessionTimeout: '6s', heartbeatInterval: '1s' },
      },
    },
    options: {},
    service,
    networks,
    faults: {
      ...permissionFaults(
        (use) => deny(root, topic, use),
        () => restore(root),
      ),
      'all leaders move': moveLeaders,
    },
    close: async () => {
      await root.disconnect();
      await Promise.all(networks.map((network) => network.close()));
      await service.close();
    },
  };
}
