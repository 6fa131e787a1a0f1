/** Checks of copies on several brokers. Pure. */
import { type Check, ofAll, ofSettings, type Settings } from '../check.js';
import type { Seen } from '../seen.js';

const brokersOf = ({ broker }: Seen) => ('value' in broker ? (broker.value.brokers ?? 1) : 1);
const isAlone = ({ replicas }: Settings) => replicas === 1;

/** Copies of a topic: too few, behind, without a leader, or more than the brokers that are there. */
export const replicaChecks: readonly Check[] = [
  ofSettings(
    'error',
    'in-sync-unreachable',
    'Kafka: every publish is refused',
    ({ minReplicasInSync: least, replicas }) =>
      least !== undefined && replicas !== undefined && least > replicas
        ? [
            `min.insync.replicas is ${least}, and there are ${replicas} replicas`,
            `set min.insync.replicas=${Math.max(1, replicas - 1)}`,
          ]
        : undefined,
  ),
  ofSettings(
    'warning',
    'in-sync-too-few',
    'Kafka: an event is acknowledged when one broker has it',
    ({ minReplicasInSync: least, replicas = 1 }) =>
      least !== undefined && replicas > 1 && least < 2
        ? [
            `min.insync.replicas is ${least} of ${replicas} replicas: acknowledged events go with one broker`,
            'set min.insync.replicas=2',
          ]
        : undefined,
  ),
  ofSettings(
    'warning',
    'in-sync-all',
    'Kafka: publishing stops when one broker is away',
    ({ minReplicasInSync: least, replicas = 1 }) =>
      replicas > 1 && least === replicas
        ? [
            `min.insync.replicas is ${least}, as many as there are replicas`,
            `set min.insync.replicas=${Math.max(1, replicas - 1)}, or add a replica`,
          ]
        : undefined,
  ),
  ofSettings('error', 'no-leader', 'nobody can read or write some partitions', ({ leaderless }) =>
    leaderless === undefined
      ? undefined
      : [`${leaderless} partitions have no leader`, 'start the brokers that have their replicas'],
  ),
  ofSettings('warning', 'under-replicated', 'some replicas are behind or away', ({ behindReplicas }) =>
    behindReplicas === undefined
      ? undefined
      : [
          `${behindReplicas} partitions have fewer replicas in sync than they should`,
          'look for a broker that is away or slow',
        ],
  ),
  ofSettings(
    'warning',
    'few-replicas',
    'one of several brokers has the only copy, and the configuration does not say so',
    (topic, seen) =>
      isAlone(topic) && brokersOf(seen) > 1 && topic.of.configured?.replicas !== 1
        ? [
            `one of ${brokersOf(seen)} brokers has the only copy: events are away while it is, and lost with its disk`,
            `configure replicas: ${Math.min(3, brokersOf(seen))}; then ebus topics apply on NATS, kafka-reassign-partitions on Kafka`,
          ]
        : undefined,
  ),
  ofAll('groups')(
    'warning',
    'positions-few-replicas',
    'Kafka: one of several brokers has the positions of groups',
    (seen) => {
      const { broker } = seen;
      if (!('value' in broker) || broker.value.positionsReplicas !== 1 || brokersOf(seen) < 2)
        return undefined;
      return [
        `__consumer_offsets has one replica, on one of ${brokersOf(seen)} brokers: groups stand still while it is away`,
        'set offsets.topic.replication.factor=3 before the first group; else kafka-reassign-partitions',
      ];
    },
  ),
  ofSettings('info', 'one-replica', 'a broker alone has the only copy', (topic, seen) =>
    // It writes to its disk now and then: Kafka as the system does, NATS every sync_interval.
    isAlone(topic) && brokersOf(seen) === 1
      ? [
          'one broker has the only copy',
          'use a cluster; on one NATS server sync_interval: always survives a power failure',
        ]
      : undefined,
  ),
];
