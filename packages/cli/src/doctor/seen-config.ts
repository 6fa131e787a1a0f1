/** What the doctor judges of a configuration. Pure. */
import { type EventBusConfig, parseDuration } from '@ebus/core';
import type { SeenConfig } from './seen.js';

/** Sections of transports as far as they are judged. */
interface Section {
  readonly urls?: readonly string[];
  readonly brokers?: readonly string[];
  readonly security?: { readonly enabled?: boolean; readonly skipVerify?: boolean };
  readonly producer?: { readonly requiredAcks?: number };
  readonly consumer?: { readonly sessionTimeout?: string | number };
  readonly jetstream?: {
    readonly topicConfigStrategy?: string;
    readonly ackWait?: string | number;
    readonly consumer?: { readonly maxAckPending?: number };
    readonly stream?: { readonly name?: string; readonly discard?: string };
  };
}

/** Default of the section `kafka`. */
const SESSION = '30s';
/** Defaults of the section `nats`. */
const ACK_WAIT = '30s';
const MAX_ACK_PENDING = 1_000;

/** The settings that checks ask for, with the adapter's defaults in place of those that are left out. */
export function seenConfig(config: EventBusConfig): SeenConfig {
  const section = (config as unknown as Record<string, Section | undefined>)[config.type] ?? {};
  const { urls, brokers, security, producer, consumer, jetstream } = section;
  const strategy = jetstream?.topicConfigStrategy ?? config.topicConfigStrategy ?? 'createOrUpdate';
  const isNats = config.type === 'nats';
  return {
    serviceName: config.serviceName,
    addresses: [urls, brokers].flat().filter((address) => address !== undefined),
    isSecured: security?.enabled === true,
    isBlind: security?.skipVerify === true,
    makesTopics: strategy === 'createOrUpdate' || strategy === 'createOnly',
    hasStream: jetstream?.stream?.name !== undefined,
    discardsNew: jetstream?.stream?.discard === 'new',
    requiredAcks: producer?.requiredAcks,
    ...(config.type === 'kafka'
      ? { sessionMs: parseDuration((consumer?.sessionTimeout ?? SESSION) as never) }
      : {}),
    ...(isNats
      ? {
          maxAckPending: jetstream?.consumer?.maxAckPending ?? MAX_ACK_PENDING,
          ackWaitMs: parseDuration((jetstream?.ackWait ?? ACK_WAIT) as never),
        }
      : {}),
  };
}

/** Where subscriptions put the dead letters of a topic. */
export function deadLetterTopicOf(config: EventBusConfig, topic: string): string {
  const { subscriber } = config as { subscriber?: { errorHandling?: { deadLetterTopic?: string } } };
  return subscriber?.errorHandling?.deadLetterTopic || `${topic}.dlq`;
}
