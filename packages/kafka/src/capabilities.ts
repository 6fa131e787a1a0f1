/** Capabilities of Kafka, by the demanded acknowledgements. */
import type { Capabilities, Persistence } from '@ebus/core/driver';
import type { ResolvedKafkaConfig } from './config-schema.js';

/** Capabilities of topics of that persistence. With `requiredAcks: 0` the broker acknowledges nothing. */
export function capabilitiesOf({ producer }: ResolvedKafkaConfig, persistence: Persistence): Capabilities {
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
    inspect: true,
    parking: persistence === 'persistent',
    tombstones: true,
  };
}
