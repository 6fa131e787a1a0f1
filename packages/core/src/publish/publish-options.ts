/** The options of publishing, and their kinds. */
import * as kinds from '../util/option-kinds.js';
import { type OptionTable, optionTable } from '../util/options.js';
import type { PublishEnvelopeOptions, PublishOptions } from './types.js';

/** Anything else about headers is checked where they are read. */
const HEADERS = kinds.kind(
  'an object of texts or bytes, a Map, or pairs of name and value',
  (value) => typeof value === 'object' && value !== null,
);

const OF_ALL = {
  headers: HEADERS,
  timeout: kinds.positiveDuration,
  retries: kinds.count,
  signal: kinds.abortSignal,
} satisfies { readonly [Name in keyof Required<PublishEnvelopeOptions>]: kinds.OptionKind };

/** Remedies for options of other calls and tools. */
const ELSEWHERE = {
  priority: 'no broker behind ebus has priorities; publish what is urgent to a topic of its own',
  partition: 'a message goes to the partition of its key',
  acks: 'what an acknowledgement means is configured for the transport (kafka.producer.requiredAcks)',
  persistent: "a topic's persistence is declared by topics.configure",
  persistence: "a topic's persistence is declared by topics.configure",
  compression: "a topic's compression is declared by topics.configure",
  ttl: "how long messages are kept is the topic's retention; declare it by topics.configure",
  expiration: "how long messages are kept is the topic's retention; declare it by topics.configure",
  delay: 'no broker behind ebus delays messages; publish it when it is due',
  retryPolicy: "give 'retries', and the pauses in the configuration (publisher.errorHandling)",
  retryBackoff: 'the pauses are configured for all publishes (publisher.errorHandling.retryBackoffBase)',
  messageFormatter: 'another format is an EnvelopeCodec: createEventBus(config, { codec })',
};
const IN_ENVELOPE = "it is a field of the envelope; with publish, which has none, use 'headers'";

/** The options of `publish`, as they are checked. */
export const PUBLISH_OPTIONS: OptionTable = optionTable<PublishOptions>(
  { key: kinds.text, messageId: kinds.text, ...OF_ALL },
  {
    ...ELSEWHERE,
    correlationId: IN_ENVELOPE,
    tenantId: IN_ENVELOPE,
    traceId: IN_ENVELOPE,
    timestamp: IN_ENVELOPE,
  },
);

const ENVELOPE_REMEDIES = {
  ...ELSEWHERE,
  key: "the key of an event is its envelope's aggregateId",
  messageId: "what identifies an event is its envelope's eventId",
  aggregateId: 'it is a field of the envelope',
  correlationId: 'it is a field of the envelope',
  tenantId: 'it is a field of the envelope',
  traceId: 'it is a field of the envelope',
  timestamp: 'it is a field of the envelope',
};

/** The options of `publishEnvelope`, as they are checked. */
export const PUBLISH_ENVELOPE_OPTIONS: OptionTable = optionTable<PublishEnvelopeOptions>(
  OF_ALL,
  ENVELOPE_REMEDIES,
);

/** The options of `publishEnvelopes`, as they are checked. */
export const PUBLISH_ENVELOPES_OPTIONS: OptionTable = optionTable<
  PublishEnvelopeOptions & { maxInFlight?: number }
>(
  { maxInFlight: kinds.positiveInteger, ...OF_ALL },
  {
    ...ENVELOPE_REMEDIES,
    concurrency: "use 'maxInFlight' instead",
    batchSize: "use 'maxInFlight' instead",
  },
);
