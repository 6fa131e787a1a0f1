/** Topics as subjects; names of streams and consumers, made so that different ones never meet. Pure. */
import { createHash } from 'node:crypto';
import { TopicNameError } from '@ebus/core/driver';

/** Servers keep names as file names. */
const MAX_NAME = 200;
/** Of a group's consumer on a topic, unless `nats.jetstream.consumer.name` says otherwise. */
export const CONSUMER_NAME = '{group}-{topic}';

/**
 * The stream of a topic that no configured stream covers: `STREAM_<topic>` with `_` for `.`. A topic whose own
 * letters make that ambiguous gets a suffix, so that `a.b` and `a_b` have streams of their own.
 */
export function streamName(topic: string): string {
  return distinct(`STREAM_${plain(topic)}`, topic, /^[A-Za-z0-9.-]+$/.test(topic));
}

/** The durable consumer of a group on a topic, as the template has it: `<group>-<topic>`. */
export function consumerName(group: string, topic: string, template = CONSUMER_NAME): string {
  const clear = /^[A-Za-z0-9_-]+$/.test(group) && /^[A-Za-z0-9.]+$/.test(topic);
  const name = template.replaceAll('{group}', plain(group)).replaceAll('{topic}', plain(topic));
  return distinct(name, `${group}\0${topic}`, clear);
}

/** Whether a subject with wildcards takes in a topic. */
export function covers(subject: string, topic: string): boolean {
  const [wanted, tokens] = [subject.split('.'), topic.split('.')];
  for (const [i, token] of wanted.entries()) {
    if (token === '>') return tokens.length > i;
    if (token !== '*' && token !== tokens[i]) return false;
  }
  return wanted.length === tokens.length;
}

/** The consumer that a group's declared topics share on a stream. */
export function unifiedName(group: string): string {
  return distinct(`${plain(group)}-unified`, group, /^[A-Za-z0-9_-]+$/.test(group));
}

/** Where the members of a group on a topic with partitions tell each other that they are there. */
export function memberSubject(stream: string, consumer: string): string {
  const id = createHash('sha256').update(`${stream}\0${consumer}`).digest('hex').slice(0, 16);
  return `_EBUS.members.${id}`;
}

/** @throws TopicNameError for what NATS cannot have as a subject, or keeps for itself */
export function checkSubject(topic: string): void {
  const refuse = (reason: string) => {
    throw new TopicNameError(topic, reason);
  };
  if (topic.split('.').includes('')) refuse('NATS subjects have no empty tokens');
  if (/[*>]/.test(topic)) refuse("wildcards ('*', '>') are not supported; subscribe to each topic by name");
  if (/\s/.test(topic)) refuse('NATS subjects cannot contain white space');
  if (topic.startsWith('$') || topic.startsWith('_INBOX.')) {
    refuse("subjects that begin with '$' or '_INBOX.' belong to the NATS server");
  }
}

/** Letters that every name may have. */
export function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_');
}

function distinct(name: string, of: string, clear: boolean): string {
  if (clear && name.length <= MAX_NAME) return name;
  const suffix = createHash('sha256').update(of).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_NAME)}_${suffix}`;
}
