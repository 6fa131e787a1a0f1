/** The brokers that tests of this package run on. */
import type { EventBusConfig, Plugin } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { nats } from '@ebus/nats';

interface Transport {
  readonly plugin: Plugin;
  configOf(addresses: readonly string[]): EventBusConfig;
}

/** The plug-in of each, and the configuration for its addresses. */
export const transports: Record<'nats' | 'kafka', Transport> = {
  nats: { plugin: nats, configOf: (addresses) => ({ type: 'nats', nats: { urls: [...addresses] } }) },
  kafka: { plugin: kafka, configOf: (addresses) => ({ type: 'kafka', kafka: { brokers: [...addresses] } }) },
};
