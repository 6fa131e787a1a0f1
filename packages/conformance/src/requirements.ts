/** Why a test does not apply: decided by what the transport declares, and by nothing else. */
import type { Capabilities, DriverTopicAdmin, Persistence, TopicSpec } from '@ebus/core/driver';

/** What a run offers: the declared capabilities for the topics it covers. */
export interface Offer {
  readonly persistence: Persistence;
  /** What topics have for which nobody configures a persistence. */
  readonly defaultPersistence: Persistence;
  readonly capabilities: Capabilities;
  /** What it declares for dead-letter topics, which are always persistent. */
  readonly ofDeadLetters: Capabilities;
  /** What it declares about topic administration; undefined where it has none. */
  readonly admin: Pick<DriverTopicAdmin, 'supports' | 'persistenceIs'> | undefined;
}

/** The settings that topics of this persistence have on the broker. */
export function topicFields({ admin, persistence }: Offer): ReadonlySet<keyof TopicSpec> {
  if (admin === undefined) return new Set();
  // As a route, an ephemeral topic has nothing on the broker that could have settings.
  if (persistence === 'ephemeral' && admin.persistenceIs === 'route') return new Set(['persistence']);
  return admin.supports;
}

/** Topics of this persistence are something on the broker, that can be created and described. */
export const administered: Requirement = (offer) => {
  if (offer.admin === undefined) return 'transport declares no topic administration';
  const isRoute = offer.persistence === 'ephemeral' && offer.admin.persistenceIs === 'route';
  return isRoute ? 'transport declares that ephemeral topics need nothing on the broker' : undefined;
};

/** Topics of this persistence have that setting. */
export function topicsHave(...fields: (keyof TopicSpec)[]): Requirement {
  return (offer) => {
    const reason = administered(offer);
    if (reason !== undefined) return reason;
    const missing = fields.filter((field) => !topicFields(offer).has(field));
    return missing.length === 0 ? undefined : `transport declares no ${missing.join(', ')} for topics`;
  };
}

/** Topics of either kind, and a way from one to the other. */
export const bothPersistences: Requirement = ({ admin }) =>
  admin?.supports.has('persistence') === true
    ? undefined
    : 'transport declares one persistence for all topics';

/** The reason to skip, or `undefined` where the test applies. */
export type Requirement = (offer: Offer) => string | undefined;

type Flag = 'redelivery' | 'replay' | 'dedupe' | 'acknowledged' | 'lag' | 'retriesInClient' | 'tombstones';

/** The transport declares this flag as given. */
export function declares(flag: Flag, wanted = true): Requirement {
  return ({ capabilities }) =>
    (capabilities[flag] ?? false) === wanted
      ? undefined
      : `transport declares ${flag}: ${capabilities[flag] ?? false}`;
}

/** What was delivered and not settled comes again. */
export const redelivery = declares('redelivery');

/** Also to a group whose members were all away: what `persistent` means. */
export const restartable: Requirement = (offer) =>
  offer.persistence === 'ephemeral' ? 'ephemeral topics keep nothing for absent groups' : redelivery(offer);

/** A new group can start in the past. */
export const replay = declares('replay');

/** Per-aggregate order within one consumer. */
export const ordering: Requirement = ({ capabilities }) =>
  capabilities.ordering === 'none' ? "transport declares ordering: 'none'" : undefined;

/** Per-aggregate order across the members of a group, or only short of it. */
export function clusterOrdering(wanted = true): Requirement {
  return ({ capabilities }) =>
    (capabilities.ordering === 'cluster') === wanted
      ? undefined
      : `transport declares ordering: '${capabilities.ordering}'`;
}

/** Each message is settled by itself, so that a settled one does not come again with an unsettled one before it. */
export const individualSettling: Requirement = ({ capabilities }) =>
  capabilities.settle === 'individual' ? undefined : `transport declares settle: '${capabilities.settle}'`;

/** Dead letters can be counted and read again, so that they can be redriven. */
export const redriving: Requirement = ({ ofDeadLetters }) =>
  ofDeadLetters.lag && ofDeadLetters.replay
    ? undefined
    : `transport declares lag: ${ofDeadLetters.lag}, replay: ${ofDeadLetters.replay} for dead-letter topics`;

/** Dead letters can be looked at without taking them. */
export const browsing: Requirement = (offer) =>
  redriving(offer) ??
  (offer.ofDeadLetters.browse === true ? undefined : 'transport declares no browse for dead-letter topics');

/** Values of this many bytes fit. */
export function messageBytes(bytes: number): Requirement {
  return ({ capabilities: { maxMessageBytes } }) =>
    maxMessageBytes === undefined || maxMessageBytes >= bytes
      ? undefined
      : `transport declares maxMessageBytes: ${maxMessageBytes}`;
}

/** There is a largest value, small enough to try one byte more. */
export const messageLimit: Requirement = ({ capabilities: { maxMessageBytes } }) =>
  maxMessageBytes !== undefined && maxMessageBytes <= 64 * 1024 * 1024
    ? undefined
    : `transport declares maxMessageBytes: ${maxMessageBytes}`;

/** The first reason to skip among several requirements. */
export function reasonToSkip(requirements: readonly Requirement[], offer: Offer): string | undefined {
  for (const requirement of requirements) {
    const reason = requirement(offer);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
