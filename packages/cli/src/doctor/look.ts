/** Looks at everything that the doctor judges. Changes nothing. */
import { EbusError, type EventBus, type GroupFigures, type TopicOptions } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import { Progress } from '../io/progress.js';
import type { Session } from '../session.js';
import { type Answer, MOST_LETTERS, type Role, type Seen, type SeenLetters, type SeenTopic } from './seen.js';
import { deadLetterTopicOf, seenConfig } from './seen-config.js';

/** The group of `deadLetters.redrive`: its lag are letters that wait. */
const REDRIVES = 'ebus-redrive';

/** @param topics of the configuration, or others; none: all of the configuration */
export async function lookAround(
  { bus, settings, io }: Session,
  topics: readonly string[],
  role: Role,
): Promise<Seen> {
  const { signal } = io;
  const names = topics.length > 0 ? topics : Object.keys(settings.topics);
  const progress = new Progress(io);
  progress.tell('looking at the broker');
  const asked = io.now();
  const broker = await answer(bus.inspect.broker({ signal }));
  const answered = io.now();
  const listing = await answer(bus.inspect.topics({ signal }));
  const seen: SeenTopic[] = [];
  for (const name of names) {
    progress.tell(`looking at ${name} (${seen.length + 1} of ${names.length})`);
    const letters = deadLetterTopicOf(settings.config, name);
    const { serviceName: group } = settings.config;
    seen.push(await lookAt(bus, { name, configured: settings.topics[name], letters, group }, signal));
  }
  progress.end();
  return {
    transport: settings.config.type,
    role,
    config: seenConfig(settings.config),
    nodeVersion: process.version,
    capabilities: bus.capabilities(),
    listing,
    broker,
    asked,
    answered,
    now: io.now(),
    topics: seen,
  };
}

interface Asked {
  readonly name: string;
  readonly configured: TopicOptions | undefined;
  /** Its dead-letter topic. */
  readonly letters: string;
  readonly group: string | undefined;
}

async function lookAt(
  bus: EventBus,
  { name, configured, letters, group }: Asked,
  signal: AbortSignal,
): Promise<SeenTopic> {
  const planned = async () => {
    if (configured === undefined) return undefined;
    const how = { strategy: 'createOrUpdate', onMismatch: 'warn' } as const;
    return (await bus.topics.plan({ [name]: configured }, how))[0];
  };
  const missing = async () => (group === undefined ? [] : bus.inspect.missingRights(name, group, { signal }));
  const [
    plan,
    figures,
    groups,
    reading,
    publishing,
    missingRights,
    deadLetters,
    lettersFigures,
    lettersPublishing,
  ] = await Promise.all([
    answer(planned()),
    answer(bus.inspect.topic(name, { signal })),
    answer(bus.inspect.groups(name, { signal })),
    answer(oldest(bus, name, undefined, signal)),
    answer(bus.inspect.mayPublish(name, { signal })),
    answer(missing()),
    answer(lettersOf(bus, name, signal)),
    answer(bus.inspect.topic(letters, { signal })),
    answer(bus.inspect.mayPublish(letters, { signal })),
  ]);
  const others =
    'value' in groups ? { value: groups.value.filter(({ group }) => group !== REDRIVES) } : groups;
  const behind =
    'value' in groups ? groups.value.filter(({ group, lag }) => group !== REDRIVES && lag > 0) : [];
  const deadLetterTopic = { name: letters, figures: lettersFigures, publishing: lettersPublishing };
  const oldestUnread = await unread(bus, name, behind, signal);
  return {
    name,
    configured,
    plan,
    figures,
    groups: others,
    reading,
    publishing,
    missingRights,
    deadLetters,
    deadLetterTopic,
    oldestUnread,
  };
}

async function lettersOf(bus: EventBus, name: string, signal: AbortSignal): Promise<SeenLetters> {
  const all = await bus.deadLetters.list(name, { limit: MOST_LETTERS, signal });
  const keys = all.flatMap(({ group, parkedKey }) =>
    parkedKey === undefined ? [] : [JSON.stringify([group, parkedKey])],
  );
  return { count: all.length, oldest: all[0]?.failedAt, parkedKeys: new Set(keys).size };
}

/** When the oldest message was published: of the topic, or of those that the group has not settled. */
async function oldest(
  bus: EventBus,
  name: string,
  group: string | undefined,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const from = group === undefined ? 'earliest' : { group };
  for await (const { timestamp } of bus.inspect.browse(name, { from, limit: 1, signal })) return timestamp;
  return undefined;
}

async function unread(
  bus: EventBus,
  name: string,
  groups: readonly GroupFigures[],
  signal: AbortSignal,
): Promise<Map<string, Date>> {
  const found = new Map<string, Date>();
  for (const { group } of groups) {
    const told = await answer(oldest(bus, name, group, signal));
    if ('value' in told && told.value !== undefined) found.set(group, told.value);
  }
  return found;
}

async function answer<T>(asked: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await asked };
  } catch (error) {
    const code = EbusError.isInstance(error) ? error.code : 'UNKNOWN';
    return { error: { code, text: reasonOf(error) } };
  }
}
