/** A check of the doctor: one thing that may be wrong, and how it is seen. Pure. */
import type { ConsumerDescription, GroupFigures, TopicFigures } from '@ebus/core';
import type { Finding, Severity } from './finding.js';
import type { Seen, SeenTopic } from './seen.js';

/** One kind of finding. */
export interface Check {
  readonly severity: Severity;
  /** Stable: part of the interface. */
  readonly code: string;
  /** For the documentation. */
  readonly means: string;
  judge(seen: Seen): Finding[];
}

/** The evidence with the values that were seen, and what to do. */
export type Verdict = readonly [evidence: string, remedy: string];
type Verdicts = Verdict | readonly Verdict[] | undefined;

/** The settings of a topic that has to keep its messages: one that is configured, or its dead-letter topic. */
export interface Settings extends TopicFigures {
  /** The configured topic. */
  readonly of: SeenTopic;
  readonly holdsDeadLetters: boolean;
}

type Maker<Args extends readonly unknown[]> = (
  severity: Severity,
  code: string,
  means: string,
  judge: (...args: Args) => Verdicts,
) => Check;

/** A maker of checks about each of some things. */
function maker<Thing>(
  each: (seen: Seen) => Iterable<readonly [about: string, thing: Thing]>,
): Maker<[thing: Thing, seen: Seen]> {
  return (severity, code, means, judge) => ({
    severity,
    code,
    means,
    judge: (seen) =>
      [...each(seen)].flatMap(([about, thing]) =>
        listed(judge(thing, seen)).map(([evidence, remedy]) => ({ severity, code, about, evidence, remedy })),
      ),
  });
}

const listed = (verdicts: Verdicts): readonly Verdict[] =>
  verdicts === undefined ? [] : isOne(verdicts) ? [verdicts] : verdicts;

const isOne = (verdicts: Verdict | readonly Verdict[]): verdicts is Verdict =>
  typeof verdicts[0] === 'string';

/** About the whole: `what` is named in the finding. */
export const ofAll = (what: string) => maker<Seen>((seen) => [[what, seen]]);

/** About each topic of the configuration. */
export const ofTopics = maker<SeenTopic>(({ topics }) => topics.map((topic) => [topic.name, topic]));

/** About each persistent topic on the broker, and each dead-letter topic. */
export const ofSettings = maker<Settings>(({ topics }) => topics.flatMap((topic) => [...settingsOf(topic)]));

function* settingsOf(topic: SeenTopic): Generator<readonly [string, Settings]> {
  const { figures, configured, deadLetterTopic } = topic;
  if ('value' in figures && figures.value !== undefined && configured?.persistence !== 'ephemeral') {
    yield [topic.name, { ...figures.value, of: topic, holdsDeadLetters: false }];
  }
  const { figures: letters } = deadLetterTopic;
  if ('value' in letters && letters.value !== undefined) {
    yield [deadLetterTopic.name, { ...letters.value, of: topic, holdsDeadLetters: true }];
  }
}

/** A group of a topic. */
export interface TopicGroup extends GroupFigures {
  readonly of: SeenTopic;
}

/** About each group of each topic. */
export const ofGroups = maker<TopicGroup>(({ topics }) => topics.flatMap(groupsOf));

function groupsOf(topic: SeenTopic): (readonly [string, TopicGroup])[] {
  const { groups, name } = topic;
  if (!('value' in groups)) return [];
  return groups.value.map((group) => [`${name} / ${group.group}`, { ...group, of: topic }]);
}

/** About each consumer on the broker that ebus would use. */
export const ofConsumers = maker<ConsumerDescription>(({ topics }) =>
  topics.flatMap(groupsOf).flatMap(([about, { consumers = [] }]) => {
    const ours = consumers.filter(({ madeBy }) => madeBy === 'ebus');
    return ours.map((consumer) => [`${about} / ${consumer.name}`, consumer] as const);
  }),
);

/** Where the broker keeps the topic. */
export const placeOf = ({ heldBy = 'the topic' }: TopicFigures) => heldBy;
