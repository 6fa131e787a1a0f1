/** Checks of dead letters and their topic. Pure. */
import { formatBytes, formatLimit } from '../../io/format.js';
import { type Check, ofSettings, ofTopics } from '../check.js';
import { MOST_LETTERS } from '../seen.js';

/** As ebus makes dead-letter topics. */
const USUAL_MS = 30 * 24 * 3_600_000;

/** Letters and parked keys that wait, and whether the topic for them can take and keep them. */
export const deadLetterChecks: readonly Check[] = [
  ofTopics('warning', 'dead-letters', 'events that a group could not handle', ({ name, deadLetters }) => {
    if (!('value' in deadLetters) || deadLetters.value.count === 0) return undefined;
    const { count, oldest } = deadLetters.value;
    const more = count >= MOST_LETTERS ? ' or more' : '';
    const since = oldest === undefined ? '' : `, the oldest of ${oldest.toISOString()}`;
    return [
      `${count}${more} ${count === 1 ? 'dead letter' : 'dead letters'}${since}`,
      `ebus dlq list ${name}; mend the cause; ebus dlq redrive ${name}`,
    ];
  }),
  ofTopics(
    'warning',
    'parked-keys',
    'keys whose events wait until they are redriven',
    ({ name, deadLetters }) => {
      const keys = 'value' in deadLetters ? deadLetters.value.parkedKeys : 0;
      return keys === 0
        ? undefined
        : [
            `${keys} ${keys === 1 ? 'key is' : 'keys are'} parked`,
            `ebus dlq keys ${name}; mend the cause; ebus dlq redrive ${name} --key <key>`,
          ];
    },
  ),
  ofTopics(
    'warning',
    'dead-letter-topic-missing',
    'there is no dead-letter topic, and services make none',
    ({ deadLetterTopic, figures }, { config, role }) => {
      const { name, figures: letters } = deadLetterTopic;
      const isThere = 'value' in figures && figures.value !== undefined;
      const isMissing = 'value' in letters && letters.value === undefined;
      if (role === 'publisher' || config.makesTopics || !isThere || !isMissing) return undefined;
      return [
        `'${name}' is not there, and topicConfigStrategy lets no service make it: a failed event holds up its key`,
        `configure '${name}' with a retention of 30d, then ebus topics apply`,
      ];
    },
  ),
  ofSettings(
    'warning',
    'dead-letter-retention',
    "dead letters go sooner than their topic's messages",
    (topic) => {
      const { holdsDeadLetters, retentionMs: kept = 0, of } = topic;
      const events = 'value' in of.figures ? (of.figures.value?.retentionMs ?? 0) : 0;
      const needed = events === 0 ? USUAL_MS : Math.min(events, USUAL_MS);
      if (!holdsDeadLetters || kept === 0 || kept >= needed) return undefined;
      const than = events === 0 ? 'for ever' : `for ${formatLimit(events)}`;
      return [
        `dead letters are kept for ${formatLimit(kept)}, the messages of '${of.name}' ${than}`,
        'set the retention of the dead-letter topic to 30d',
      ];
    },
  ),
  ofSettings(
    'error',
    'dead-letter-limit',
    'a large event that fails cannot become a dead letter, and holds up its key',
    (topic) => {
      const { holdsDeadLetters, maxMessageBytes: takes, of } = topic;
      const events = 'value' in of.figures ? of.figures.value?.maxMessageBytes : undefined;
      if (!holdsDeadLetters || takes === undefined || takes >= (events ?? takes + 1)) return undefined;
      return [
        `it takes ${formatBytes(takes)}; '${of.name}' takes ${events === undefined ? 'any size' : formatBytes(events)}`,
        'raise its max.message.bytes (Kafka) or max_msg_size (NATS) above that of its topic',
      ];
    },
  ),
];
