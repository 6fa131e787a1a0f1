/** Checks of the permissions, each of which was tried. Pure. */
import { type Check, ofAll, ofTopics, type Verdict } from '../check.js';
import type { Answer } from '../seen.js';

const GRANT = 'give this login the permission where the error is about one; else look at the broker';
const QUESTIONS = {
  plan: 'its settings',
  figures: 'its figures',
  groups: 'its groups',
  reading: 'its messages',
  publishing: 'the right to publish',
  missingRights: 'the right to consume',
  deadLetters: 'its dead letters',
} as const;
/** A service that only publishes needs none of it. */
const FOR_CONSUMERS: ReadonlySet<string> = new Set(['groups', 'reading', 'missingRights', 'deadLetters']);

/** Questions that the broker refused, and the right to publish, as `--role` needs them. */
export const permissionChecks: readonly Check[] = [
  ofTopics(
    'warning',
    'refused',
    'a question about a topic was refused: a permission is missing',
    (topic, { role }) =>
      (Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[])
        .filter((question) => role !== 'publisher' || !FOR_CONSUMERS.has(question))
        .flatMap((question) => refusal(topic[question], QUESTIONS[question])),
  ),
  ofAll('broker')(
    'info',
    'cannot-ask',
    'a question about the broker was refused: its settings are not judged',
    (seen) => [
      ...refusal(seen.listing, 'the list of topics'),
      ...refusal(seen.broker, 'version, limits and clock'),
    ],
  ),
  ofTopics(
    'warning',
    'publish-refused',
    'this login may not publish to the topic',
    ({ publishing, name }, { role }) =>
      role !== 'consumer' && isRefused(publishing)
        ? [
            `this login may not publish to '${name}'`,
            `${grantOf(name)}; for a service that only consumes: ebus doctor --role consumer`,
          ]
        : undefined,
  ),
  ofTopics(
    'error',
    'consume-refused',
    'this login may not consume the topic in the group of the service',
    ({ missingRights: missing, name }, { role, config }) =>
      role !== 'publisher' && 'value' in missing && missing.value.length > 0
        ? [
            `this login lacks, to consume '${name}' in group '${config.serviceName}': ${missing.value.join(', ')}`,
            'grant it; for a service that only publishes: ebus doctor --role publisher',
          ]
        : undefined,
  ),
  ofTopics(
    'warning',
    'dead-letters-refused',
    'this login may not publish to the dead-letter topic: a failed event holds up its key',
    ({ deadLetterTopic }, { role }) =>
      role !== 'publisher' && isRefused(deadLetterTopic.publishing)
        ? [`this login may not publish to '${deadLetterTopic.name}'`, grantOf(deadLetterTopic.name)]
        : undefined,
  ),
];

const isRefused = (answer: Answer<boolean>) => 'value' in answer && !answer.value;

const grantOf = (topic: string) => `grant it: WRITE and DESCRIBE on Kafka, publish to '${topic}' on NATS`;

function refusal(answer: Answer<unknown>, what: string): Verdict[] {
  if (!('error' in answer)) return [];
  const { code, text } = answer.error;
  if (code === 'UNSUPPORTED' || code === 'TOPIC_NOT_FOUND') return [];
  return [[`${what} cannot be read: ${text}`, GRANT]];
}
