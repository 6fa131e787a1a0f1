/** Checks of copies on several brokers. Pure. */
import { type Check, ofSettings } from '../check.js';

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
  ofSettings('info', 'one-replica', 'one broker has the only copy', ({ replicas }) =>
    // A broker alone can have no more. It writes to its disk now and then: Kafka as the system does, NATS every sync_interval.
    replicas === 1
      ? [
          'one broker has the only copy',
          'on a cluster configure replicas: 3; on one NATS server sync_interval: always survives a power failure',
        ]
      : undefined,
  ),
];
