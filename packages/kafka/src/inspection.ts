/** The cluster's topics in figures, and the groups that read them. Asks only; makes nothing. */
import type {
  BrokerFigures,
  CallOptions,
  GroupFigures,
  LogEnds,
  TopicDescription,
  TopicFigures,
} from '@ebus/core/driver';
import kafkajs, { type Admin, type GroupDescription } from 'kafkajs';
import { CODE, classify, codeOf, isWithoutLeader } from './errors.js';
import { decodeMetadata } from './group/commit-metadata.js';
import { endsOf } from './group/lookup.js';
import { type Log, outsideLog } from './group/positions.js';
import { type ByPartition, keyOf, type Questions, type TopicInfo } from './questions.js';
import { settingsOf } from './topic-settings.js';

/** The protocol's numbers for resources with settings. */
const TOPIC = 2;
const BROKER = 4;
/** The broker of a group has just become that, or another one has. */
const COORDINATING: ReadonlySet<number> = new Set([14, 15, 16]);
/** How members of ebus share partitions. */
const STRATEGY = 'cooperative-sticky';
/** Groups whose positions are asked for at once. */
const AT_ONCE = 8;
/** Where Kafka keeps the positions of groups; made with the first group. */
const POSITIONS = '__consumer_offsets';
/** Topics that brokers keep for themselves. */
const INTERNAL =
  /^__(consumer_offsets|transaction_state|share_group_state|cluster_metadata|remote_log_metadata)$/;

/** Of these names, or of all that this login may see. Brokers do not say how many bytes a topic has. */
export async function topicFigures(
  names: readonly string[] | undefined,
  { admin, questions, signal }: { admin: Admin; questions: Questions } & CallOptions,
): Promise<TopicFigures[]> {
  const all = async () => {
    const { led, others } = await questions.cluster(signal);
    return [...led, ...others].filter((name) => !INTERNAL.test(name));
  };
  const wanted = names ?? (await all());
  const answers = await questions.topics(wanted, signal);
  const found = [...answers].filter((entry): entry is [string, TopicInfo] => !(entry[1] instanceof Error));
  const infos = new Map(found);
  const parts = found.flatMap(([topic, { partitions }]) =>
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  const [settings, ends] = await Promise.all([
    settingsOfAll(admin, [...infos.keys()]),
    endsOf(questions, infos, parts, signal),
  ]);
  return found.map(([name, info]) => {
    const logs = logsOf(name, info, ends);
    return {
      name,
      partitions: info.partitions.length,
      replicas: info.partitions[0]?.replicas ?? 1,
      ...settings.get(name),
      messages: logs.reduce((total, { first, next }) => total + Number(next) - Number(first), 0),
      logs,
      ...troubleOf(info),
    };
  });
}

function troubleOf({ partitions }: TopicInfo): Pick<TopicFigures, 'behindReplicas' | 'leaderless'> {
  const behind = partitions.filter(({ inSync, replicas }) => inSync < replicas).length;
  const leaderless = partitions.filter(({ leader }) => leader < 0).length;
  return {
    ...(behind === 0 ? {} : { behindReplicas: behind }),
    ...(leaderless === 0 ? {} : { leaderless }),
  };
}

/** Kafka tells neither its version nor its time. The settings of brokers need a right of their own: without it they are left out. */
export async function brokerFigures({
  admin,
  questions,
  signal,
}: { admin: Admin; questions: Questions } & CallOptions): Promise<BrokerFigures> {
  const { brokerIds } = await questions.cluster(signal);
  const positions = (await questions.topics([POSITIONS], signal)).get(POSITIONS);
  const settings = await settingsOfBroker(admin, String(brokerIds[0])).catch((error: unknown) => {
    if (isRefused(error)) return new Map<string, string>();
    throw error;
  });
  const makes = settings.get('auto.create.topics.enable');
  const numberOf = (name: string) => {
    const value = settings.get(name);
    return value === undefined ? undefined : Number(value);
  };
  const minutes = numberOf('offsets.retention.minutes');
  const copies =
    positions === undefined || positions instanceof Error
      ? numberOf('offsets.topic.replication.factor')
      : positions.partitions[0]?.replicas;
  const least = numberOf('group.min.session.timeout.ms');
  const most = numberOf('group.max.session.timeout.ms');
  const members = numberOf('group.max.size');
  return {
    brokers: brokerIds.length,
    ...(makes === undefined ? {} : { makesTopics: makes === 'true' }),
    ...(minutes === undefined ? {} : { positionsKeptMs: minutes * 60_000 }),
    ...(copies === undefined ? {} : { positionsReplicas: copies }),
    ...(least === undefined || most === undefined ? {} : { sessionMs: { least, most } }),
    ...(members === undefined ? {} : { mostMembers: members }),
  };
}

async function settingsOfBroker(admin: Admin, id: string): Promise<Map<string, string>> {
  const { resources } = await admin.describeConfigs({
    resources: [{ type: BROKER, name: id }],
    includeSynonyms: false,
  });
  const entries = resources[0]?.configEntries ?? [];
  return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
}

/**
 * A right on the group that is there for no operation at all is told; Kafka makes the topic for positions when it is asked for a group
 * the first time, so before that no group is asked for.
 *
 * @param refusal of the group, where the client was refused
 * @throws `TOPIC_NOT_FOUND`
 */
export async function missingRights(
  topic: string,
  group: string,
  {
    admin,
    refusal,
    questions,
    signal,
  }: { admin: Admin; refusal: () => unknown; questions: Questions } & CallOptions,
): Promise<string[]> {
  const { mayRead } = await questions.topic(topic, signal, { withRights: true });
  const missing = mayRead ? [] : [`READ on topic '${topic}'`];
  const positions = (await questions.topics([POSITIONS], signal)).get(POSITIONS);
  if (codeOf(positions) === CODE.unknownTopicOrPartition) return missing;
  try {
    await admin.fetchOffsets({ groupId: group, topics: [topic] });
  } catch (error) {
    if (isRefused(refusal() ?? error)) missing.push(`READ on group '${group}'`);
    // The broker looks at rights first.
    else if (!COORDINATING.has(codeOf(error) ?? 0)) throw error;
  }
  return missing;
}

const isRefused = (error: unknown) => classify(error).code === 'UNAUTHORIZED';

/** Without partitions that cannot be asked now. */
function logsOf(topic: string, { partitions }: TopicInfo, ends: ByPartition<Log>): LogEnds[] {
  return partitions.flatMap(({ partition }) => {
    const log = ends.get(keyOf({ topic, partition }));
    return log === undefined ? [] : [{ partition, first: log.begin, next: log.end }];
  });
}

async function settingsOfAll(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, Omit<TopicDescription, 'name'>>> {
  if (topics.length === 0) return new Map();
  const wanted = topics.map((name) => ({ type: TOPIC, name }));
  const asked = admin.describeConfigs({ resources: wanted, includeSynonyms: false });
  const { resources } = await asked.catch((error: unknown) => {
    // The topic without leader is to be found then.
    if (isWithoutLeader(error)) return { resources: [] };
    throw error;
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [resourceName, settingsOf(configEntries)]),
  );
}

/** Those with members that have some of the topic, or with committed positions in it. @throws `TOPIC_NOT_FOUND` */
export async function groupsOf(
  topic: string,
  { admin, questions, signal }: { admin: Admin; questions: Questions } & CallOptions,
): Promise<GroupFigures[]> {
  const info = await questions.topic(topic, signal);
  const all = info.partitions.map(({ partition }) => ({ topic, partition }));
  const { groups } = await admin.listGroups();
  const ids = groups.map(({ groupId }) => groupId);
  const described = ids.length === 0 ? { groups: [] } : await admin.describeGroups(ids);
  const positions: (readonly Committed[])[] = [];
  for (let i = 0; i < described.groups.length; i += AT_ONCE) {
    const some = described.groups.slice(i, i + AT_ONCE);
    const asked = some.map(({ groupId }) => admin.fetchOffsets({ groupId, topics: [topic] }));
    positions.push(...(await Promise.all(asked)).map(([answer]) => answer?.partitions ?? []));
  }
  // Last: a position that was committed after the end was asked may lie beyond it.
  const ends = await endsOf(questions, new Map([[topic, info]]), all, signal);
  return described.groups
    .map((group, i) => figuresOf(topic, group, positions[i] ?? [], ends))
    .filter((one) => one !== undefined);
}

type Committed = Awaited<ReturnType<Admin['fetchOffsets']>>[number]['partitions'][number];

/** Undefined where the group has nothing to do with the topic. Pure. */
export function figuresOf(
  topic: string,
  {
    groupId: group,
    members,
    protocol,
    state,
  }: Pick<GroupDescription, 'groupId' | 'members'> & Partial<GroupDescription>,
  committed: readonly Committed[],
  ends: ByPartition<Log>,
): GroupFigures | undefined {
  const positions = committed.filter(({ offset }) => Number(offset) >= 0);
  if (positions.length === 0 && !members.some((member) => hasSome(topic, member))) return undefined;
  const byPartition = new Map(positions.map(({ partition, offset }) => [partition, Number(offset)]));
  const partitions = [...ends].map(([key, log]) => {
    const partition = Number(key.slice(key.lastIndexOf(':') + 1));
    const position = byPartition.get(partition);
    const isInside = position !== undefined && outsideLog(log, position, undefined) === undefined;
    const lag = log.end - (isInside ? position : log.begin);
    return { partition, lag, ...(position === undefined ? {} : { position }) };
  });
  const isOurs = positions.some(
    ({ offset, metadata }) => decodeMetadata(metadata ?? undefined, Number(offset)) !== undefined,
  );
  return {
    group,
    // What committed nothing yet has nothing that tells.
    ...(positions.length === 0 ? {} : { madeBy: isOurs ? 'ebus' : 'others' }),
    // A group of the newer protocol, which these questions do not reach, is said to be dead though it is listed.
    ...(state === 'Dead' ? {} : { members: members.length }),
    ...(members.length > 0 && protocol !== undefined && protocol !== '' && protocol !== STRATEGY
      ? { foreignProtocol: protocol }
      : {}),
    lag: partitions.reduce((total, { lag }) => total + lag, 0),
    partitions,
  };
}

function hasSome(topic: string, { memberAssignment }: GroupDescription['members'][number]): boolean {
  if (memberAssignment.length === 0) return false;
  try {
    const { assignment } = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment) ?? {};
    return assignment !== undefined && topic in assignment;
  } catch {
    // Another protocol than that of consumers.
    return false;
  }
}
