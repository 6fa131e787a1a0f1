import type { TransportPlugin } from '@ebus/core/driver';

/** Loads one adapter alone: a run on NATS needs no native client of Kafka. */
export async function transportOf(type: string): Promise<TransportPlugin> {
  if (type === 'nats') return (await import('@ebus/nats')).nats;
  if (type === 'kafka') return (await import('@ebus/kafka')).kafka;
  throw new Error(`there are runs on nats and kafka, not on '${type}'`);
}
