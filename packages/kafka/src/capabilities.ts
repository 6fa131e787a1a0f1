/** Capabilities of Kafka, by the demanded acknowledgements. */
import type { Capabilities } from '@ebus/core/driver';
import type { ResolvedKafkaConfig } from './config-schema.js';

/** Capabilities of every topic. With `requiredAcks: 0` the broker acknowledges nothing. */
export function capabilitiesOf({ producer }: ResolvedKafkaConfig): Capabilities {
  return {
    settle: 'prefix',
    ordering: 'cluster',
    retriesInClient: producer.requiredAcks === -1,
    redelivery: true,
    replay: true,
    dedupe: false,
    acknowledged: producer.requiredAcks !== 0,
    lag: true,
    browse: true,
    parking: true,
    tombstones: true,
  };
}
