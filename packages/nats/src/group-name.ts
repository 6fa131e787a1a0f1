/** Which group a consumer belongs to, by its name. Pure. */
import { CONSUMER_NAME, consumerName, plain, unifiedName } from './names.js';

/** The parts of a consumer's name. */
export interface NamedGroup {
  readonly group: string;
  /** Of a topic with partitions. */
  readonly partition?: number;
  /** Whether ebus gives such names. */
  readonly isOurs: boolean;
}

/** How ebus names the consumers of groups. */
export interface Naming {
  readonly topic: string;
  /** `nats.jetstream.consumer.name`. */
  readonly template: string | undefined;
  /** A group that is known: names that do not tell their group are compared with its. */
  readonly known: string | undefined;
}

/** What keeps names apart; then of a topic with partitions: all of them, or one; the layout; members that are no group. */
const END = '((?:_[0-9a-f]{8})?)(?:-all|-p(\\d+))?(?:-\\d+)?(?:-[0-9A-Z]{22})?$';
const UNIFIED = /^([A-Za-z0-9_-]+)-unified$/;

/** A group whose name had to be changed for its consumer has the consumer's name, unless it is the known one. */
export function groupOf(consumer: string, naming: Naming): NamedGroup {
  const { known } = naming;
  if (known !== undefined && consumer === unifiedName(known)) return { group: known, isOurs: true };
  const named = groupByTemplate(consumer, naming);
  if (named !== undefined) return named;
  const [, group] = UNIFIED.exec(consumer) ?? [];
  return group === undefined ? { group: consumer, isOurs: false } : { group, isOurs: true };
}

/** Whether ebus would take the consumer for one of this topic, whatever it delivers. */
export function isNamedFor(consumer: string, naming: Naming): boolean {
  const { template = CONSUMER_NAME } = naming;
  return template.includes('{topic}') && groupByTemplate(consumer, naming) !== undefined;
}

function groupByTemplate(
  consumer: string,
  { topic, template = CONSUMER_NAME, known }: Naming,
): NamedGroup | undefined {
  const [before = '', after = ''] = template.split('{group}').map((part) => escaped(part, topic));
  const found = new RegExp(`^${before}([A-Za-z0-9_-]+?)${after}${END}`).exec(consumer);
  if (found !== null) {
    const [, named = '', hash = '', partition] = found;
    const base = `${template.replaceAll('{group}', named).replaceAll('{topic}', plain(topic))}${hash}`;
    const group = [known, named].find(
      (one) => one !== undefined && consumerName(one, topic, template) === base,
    );
    const of = partition === undefined ? {} : { partition: Number(partition) };
    if (group !== undefined) return { group, ...of, isOurs: true };
  }
  return undefined;
}

const escaped = (text: string, topic: string) =>
  text.replaceAll('{topic}', plain(topic)).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
