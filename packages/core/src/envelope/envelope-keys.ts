/** The keys of an envelope. Another one would not be sent, so it is refused. */
import { EnvelopeError } from '../errors.js';
import { nearest } from '../util/nearest.js';
import { shown } from '../util/shown.js';

const KEYS = [
  'eventId',
  'aggregateId',
  'eventType',
  'eventVersion',
  'timestamp',
  'payload',
  'traceId',
  'correlationId',
  'tenantId',
];

/** Names that other libraries and formats use. */
const NEIGHBOURS: Readonly<Record<string, string>> = {
  id: 'eventId',
  messageId: 'eventId',
  key: 'aggregateId',
  aggregate: 'aggregateId',
  subject: 'aggregateId',
  type: 'eventType',
  name: 'eventType',
  version: 'eventVersion',
  schemaVersion: 'eventVersion',
  time: 'timestamp',
  occurredAt: 'timestamp',
  createdAt: 'timestamp',
  data: 'payload',
  body: 'payload',
  value: 'payload',
  tenant: 'tenantId',
};

/** Keys that belong elsewhere. */
const REMEDIES: Readonly<Record<string, string>> = {
  headers: 'headers are an option: publishEnvelope(topic, envelope, { headers })',
  metadata: 'give it as headers: publishEnvelope(topic, envelope, { headers }), or within the payload',
  topic: 'the topic is the first argument',
  aggregateType: 'write it into the payload, or into the event type',
};

/** @throws EnvelopeError with the key that was probably meant. Allocates nothing where all are known. */
export function refuseUnknownKeys(envelope: object): void {
  for (const key in envelope) {
    switch (key) {
      case 'eventId':
      case 'aggregateId':
      case 'eventType':
      case 'eventVersion':
      case 'timestamp':
      case 'payload':
      case 'traceId':
      case 'correlationId':
      case 'tenantId':
        continue;
    }
    if ((envelope as Record<string, unknown>)[key] !== undefined) throw unknownKey(key);
  }
}

function unknownKey(key: string): EnvelopeError {
  const said = `unknown key '${shown(key, 60)}' in an envelope`;
  const meant = Object.hasOwn(NEIGHBOURS, key) ? NEIGHBOURS[key] : nearest(key, KEYS);
  const remedy = Object.hasOwn(REMEDIES, key)
    ? REMEDIES[key]
    : `what belongs to the event goes into the payload`;
  const text = meant === undefined ? `${said}: ${remedy}` : `${said}, did you mean '${meant}'?`;
  return new EnvelopeError(text, key);
}
