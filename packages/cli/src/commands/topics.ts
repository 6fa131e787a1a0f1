/** `ebus topics`: what is on the broker, and what the configuration would change. */
import {
  type EventBus,
  systemClock,
  type TopicFigures,
  type TopicOptions,
  type TopicOutcome,
} from '@ebus/core';
import type { Command } from 'commander';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { confirm } from '../io/confirm.js';
import { formatAge, formatBytes, formatLimit } from '../io/format.js';
import { pairs, table } from '../io/table.js';
import type { Context } from '../run.js';
import { type Session, withBus } from '../session.js';
import { HEAD as GROUPS, groupRow } from './groups.js';

const HEAD = ['topic', 'messages', 'size', 'partitions', 'replicas', 'retention', 'newest', 'configured'];

interface Choices {
  readonly yes?: boolean;
  readonly allowPartitionIncrease?: boolean;
}

/** Adds `topics list`, `describe`, `plan` and `apply`. Only `apply` changes topics, and it asks first. */
export function addTopics(program: Command, context: Context): void {
  const { io } = context;
  const topics = program.command('topics').description('topics on the broker and in the configuration');
  topics
    .command('list')
    .description('all topics on the broker that this login may see')
    .action((_, command: Command) =>
      withBus(io, command.optsWithGlobals(), async ({ bus, output, settings }) => {
        const now = systemClock.now();
        const all = (await bus.inspect.topics()).map((topic) => ({
          ...topic,
          configured: topic.name in settings.topics,
        }));
        output.list(all, HEAD, (topic) => rowOf(topic, topic.configured, now), 'there are no topics');
      }),
    );
  topics
    .command('describe <topic>')
    .description('its settings, its logs and its groups')
    .action((topic: string, _, command: Command) =>
      withBus(io, command.optsWithGlobals(), (session) => describe(session, topic)),
    );
  const how = (command: Command) =>
    command.option('--allow-partition-increase', 'add partitions, which moves keys to others');
  how(topics.command('plan [topics...]'))
    .description('differences between the configuration and the broker; exit code 3 where there are some')
    .action((names: string[], choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async (session) => {
        const outcomes = await plan(session, names, choices);
        show(session, outcomes, 'all topics are as configured', PLANNED);
        if (outcomes.some(isDifferent)) context.end(EXIT.found);
      }),
    );
  how(topics.command('apply [topics...]'))
    .description('bring the configured topics about')
    .option('-y, --yes', 'without a question')
    .action((names: string[], choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async (session) => {
        const outcomes = await plan(session, names, choices);
        const changes = outcomes.filter(({ action }) => action === 'created' || action === 'changed');
        if (changes.length === 0) {
          show(session, outcomes, 'all topics are as configured');
        } else {
          if (choices.yes !== true) io.err(tableOf(changes, PLANNED));
          await confirm(io, choices.yes === true, `Change ${changes.length} of ${outcomes.length} topics`);
          show(session, await apply(session, names, choices), 'all topics are as configured');
        }
        if (outcomes.some(({ action }) => action === 'mismatched')) context.end(EXIT.found);
      }),
    );
}

async function describe({ bus, output, settings }: Session, name: string): Promise<void> {
  const topic = await bus.inspect.topic(name);
  if (topic === undefined) {
    const hint = name in settings.topics ? '; it is configured: see ebus topics plan' : '';
    throw new CliError(`there is no topic '${name}' on the broker${hint}`, EXIT.failed);
  }
  const groups = await bus.inspect.groups(name);
  const configured = settings.topics[name];
  output.show({ ...topic, configured, groups }, () => {
    const { logs, ...figures } = topic;
    const facts = pairs([
      ...Object.entries(figures).map(([field, value]) => [titleOf(field), factOf(field, value)] as const),
      ['configured', configured === undefined ? 'no' : 'yes'],
    ]);
    const ends = table(
      ['partition', 'first', 'next'],
      logs.map(({ partition, first, next }) => [partition, first, next]),
    );
    const readers = groups.length === 0 ? 'no group reads it\n' : table(GROUPS, groups.map(groupRow));
    return `${facts}\n${ends}\n${readers}`;
  });
}

/** `dedupe window` for `dedupeWindowMs`. */
function titleOf(field: string): string {
  return field.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function factOf(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Date) return value.toISOString();
  if (/bytes$/i.test(field)) return formatBytes(value as number);
  if (/ms$/i.test(field)) return formatLimit(value as number);
  return String(value);
}

function rowOf(topic: TopicFigures, isConfigured: boolean, now: number) {
  const { name, messages, bytes, partitions, replicas, retentionMs, newestAt } = topic;
  return [
    name,
    messages,
    formatBytes(bytes),
    partitions,
    replicas,
    formatLimit(retentionMs),
    formatAge(newestAt, now),
    isConfigured ? 'yes' : 'no',
  ];
}

const plan = ({ bus, settings }: Session, names: readonly string[], choices: Choices) =>
  bus.topics.plan(chosen(settings.topics, names), { ...howOf(settings, choices), onMismatch: 'warn' });

const apply = ({ bus, settings }: Session, names: readonly string[], choices: Choices) =>
  bus.topics.apply(chosen(settings.topics, names), { ...howOf(settings, choices), onMismatch: 'warn' });

/** As the service itself would do it. The session's own strategy is to change nothing. */
function howOf({ config }: Session['settings'], { allowPartitionIncrease = false }: Choices) {
  const { nats, topicConfigStrategy = 'createOrUpdate' } = config as {
    topicConfigStrategy?: Strategy;
    nats?: { jetstream?: { topicConfigStrategy?: Strategy } };
  };
  return { strategy: nats?.jetstream?.topicConfigStrategy ?? topicConfigStrategy, allowPartitionIncrease };
}

type Strategy = NonNullable<NonNullable<Parameters<EventBus['topics']['plan']>[1]>['strategy']>;

function chosen(all: Readonly<Record<string, TopicOptions>>, names: readonly string[]) {
  const unknown = names.find((name) => !(name in all));
  if (unknown !== undefined) throw new CliError(`'${unknown}' is not among the topics of the configuration`);
  return names.length === 0 ? { ...all } : Object.fromEntries(names.map((name) => [name, all[name] ?? {}]));
}

const isDifferent = ({ action }: TopicOutcome) => action !== 'left';

type Action = TopicOutcome['action'];
/** The words for actions that are not done yet. */
const PLANNED: Readonly<Record<Action, string>> = {
  created: 'create',
  changed: 'change',
  left: 'leave',
  mismatched: 'cannot change',
};

function show(
  { output }: Session,
  outcomes: readonly TopicOutcome[],
  none: string,
  words?: Readonly<Record<Action, string>>,
): void {
  const shown = outcomes.filter((outcome) => isDifferent(outcome) || outcome.unsupported.length > 0);
  if (shown.length === 0 && !output.isJson) return output.note(none);
  output.show(outcomes, () => tableOf(shown, words));
}

function tableOf(outcomes: readonly TopicOutcome[], words?: Readonly<Record<Action, string>>): string {
  return table(
    ['topic', 'action', 'fields', 'why'],
    outcomes.map(({ topic, action, changed, mismatches, unsupported }) => [
      topic,
      words?.[action] ?? action,
      [...changed, ...mismatches.map(({ field }) => field)].join(', '),
      [
        ...mismatches.map(
          ({ field, expected, actual, recommendation }) =>
            `${field}: ${String(actual)} instead of ${String(expected)} (${recommendation})`,
        ),
        ...(unsupported.length === 0 ? [] : [`this broker has no ${unsupported.join(', ')}`]),
      ].join('; '),
    ]),
  );
}
