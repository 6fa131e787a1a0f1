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

/** The reason to skip, or `undefined` where the test applies. */
export interface Requirement {
  (offer: Offer): string | undefined;
  /** What a test that applies rests on, as the transport declares it: `redelivery: true`. */
  readonly claim?: (offer: Offer) => string;
}

function resting(claim: (offer: Offer) => string, reason: (offer: Offer) => string | undefined): Requirement {
  return Object.assign(reason, { claim });
}

/** What a test that applies rests on, each claim once. */
export function claimsOf(requirements: readonly Requirement[], offer: Offer): string[] {
  return [...new Set(requirements.flatMap(({ claim }) => (claim === undefined ? [] : [claim(offer)])))];
}

/** The settings that topics of this persistence have on the broker. */
export function topicFields({ admin, persistence }: Offer): ReadonlySet<keyof TopicSpec> {
  if (admin === undefined) return new Set();
  // As a route, an ephemeral topic has nothing on the broker that could have settings.
  if (persistence === 'ephemeral' && admin.persistenceIs === 'route') return new Set(['persistence']);
  return admin.supports;
}

/** Topics of this persistence are something on the broker, that can be created and described. */
export const administered = resting(
  () => 'topic administration',
  (offer) => {
    if (offer.admin === undefined) return 'transport declares no topic administration';
    const isRoute = offer.persistence === 'ephemeral' && offer.admin.persistenceIs === 'route';
    return isRoute ? 'transport declares that ephemeral topics need nothing on the broker' : undefined;
  },
);

/** Topics of this persistence have that setting. */
export function topicsHave(...fields: (keyof TopicSpec)[]): Requirement {
  return resting(
    () => `${fields.join(', ')} for topics`,
    (offer) => {
      const reason = administered(offer);
      if (reason !== undefined) return reason;
      const missing = fields.filter((field) => !topicFields(offer).has(field));
      return missing.length === 0 ? undefined : `transport declares no ${missing.join(', ')} for topics`;
    },
  );
}

/** Topics of either kind, and a way from one to the other. */
export const bothPersistences = resting(
  () => 'topics of both persistences',
  ({ admin }) =>
    admin?.supports.has('persistence') === true
      ? undefined
      : 'transport declares one persistence for all topics',
);

type Flag = 'redelivery' | 'replay' | 'dedupe' | 'acknowledged' | 'lag' | 'retriesInClient' | 'tombstones';

/** The transport declares this flag as given. */
export function declares(flag: Flag, wanted = true): Requirement {
  return resting(
    () => `${flag}: ${wanted}`,
    ({ capabilities }) =>
      (capabilities[flag] ?? false) === wanted
        ? undefined
        : `transport declares ${flag}: ${capabilities[flag] ?? false}`,
  );
}

const declaresOrdering = ({ capabilities }: Offer) => `ordering: '${capabilities.ordering}'`;

/** What was delivered and not settled comes again. */
export const redelivery = declares('redelivery');

/** Also to a group whose members were all away: what `persistent` means. */
export const restartable = resting(
  () => 'redelivery: true',
  (offer) =>
    offer.persistence === 'ephemeral' ? 'ephemeral topics keep nothing for absent groups' : redelivery(offer),
);

/** A new group can start in the past. */
export const replay = declares('replay');

/** Per-aggregate order within one consumer. */
export const ordering = resting(declaresOrdering, ({ capabilities }) =>
  capabilities.ordering === 'none' ? "transport declares ordering: 'none'" : undefined,
);

/** Per-aggregate order across the members of a group, or only short of it. */
export function clusterOrdering(wanted = true): Requirement {
  return resting(declaresOrdering, (offer) =>
    (offer.capabilities.ordering === 'cluster') === wanted
      ? undefined
      : `transport declares ${declaresOrdering(offer)}`,
  );
}

/** Each message is settled by itself, so that a settled one does not come again with an unsettled one before it. */
export const individualSettling = resting(
  () => "settle: 'individual'",
  ({ capabilities }) =>
    capabilities.settle === 'individual' ? undefined : `transport declares settle: '${capabilities.settle}'`,
);

/** Dead letters can be counted and read again, so that they can be redriven. */
export const redriving = resting(
  () => 'lag: true, replay: true for dead-letter topics',
  ({ ofDeadLetters: { lag, replay: isReplayable } }) =>
    lag && isReplayable
      ? undefined
      : `transport declares lag: ${lag}, replay: ${isReplayable} for dead-letter topics`,
);

/** Dead letters can be looked at without taking them. */
export const browsing = resting(
  () => 'browse: true for dead-letter topics',
  (offer) =>
    redriving(offer) ??
    (offer.ofDeadLetters.browse === true ? undefined : 'transport declares no browse for dead-letter topics'),
);

/** The broker's topics and their groups can be listed, and looked at. */
export const inspecting = resting(
  () => 'inspect: true, browse: true',
  ({ capabilities: { inspect = false, browse = false } }) =>
    inspect && browse ? undefined : `transport declares inspect: ${inspect}, browse: ${browse}`,
);

/** Keys can be parked in the dead-letter topic. */
export const parking = resting(
  () => 'parking: true',
  ({ capabilities }) =>
    capabilities.parking === true ? undefined : 'transport declares no parking for these topics',
);

/** Values of this many bytes fit. */
export function messageBytes(bytes: number): Requirement {
  return resting(limit, (offer) => {
    const { maxMessageBytes } = offer.capabilities;
    return maxMessageBytes === undefined || maxMessageBytes >= bytes
      ? undefined
      : `transport declares ${limit(offer)}`;
  });
}

/** There is a largest value, small enough to try one byte more. */
export const messageLimit = resting(limit, (offer) => {
  const { maxMessageBytes } = offer.capabilities;
  return maxMessageBytes !== undefined && maxMessageBytes <= 64 * 1024 * 1024
    ? undefined
    : `transport declares ${limit(offer)}`;
});

function limit({ capabilities: { maxMessageBytes } }: Offer): string {
  return `maxMessageBytes: ${maxMessageBytes}`;
}

/** The first reason to skip among several requirements. */
export function reasonToSkip(requirements: readonly Requirement[], offer: Offer): string | undefined {
  for (const requirement of requirements) {
    const reason = requirement(offer);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
