/** Differences between a configured topic and the broker's, and the action for them: a pure decision. */
import type { Persistence } from '../driver/message.js';
import type { TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import type { TopicMismatch } from '../errors.js';
import { judgeUse } from './judge-use.js';
import { OPTION_OF } from './topic-spec.js';
import type { ConfigureOptions, TopicOutcome } from './types.js';

type Field = keyof TopicSpec;

/** Fields a broker can change on a topic that exists; the others need a new topic. */
const FIXABLE: ReadonlySet<Field> = new Set([
  'retentionMs',
  'maxBytes',
  'maxMessages',
  'compression',
  'compressionLevel',
  'description',
]);
/** Of these, 0 and nothing at all both say "no limit". */
const LIMITS: ReadonlySet<Field> = new Set(['retentionMs', 'maxBytes', 'maxMessages']);
/** Brokers round retention; such a difference is none. */
const RETENTION_TOLERANCE_MS = 1_000;
const ONLY_PERSISTENCE: ReadonlySet<Field> = new Set(['persistence']);

/** A topic as it is wanted and as it is, with the rules for changes. */
export interface ReconcileInput {
  topic: string;
  /** The written options: only these are compared or changed. */
  written: Partial<TopicSpec>;
  /** As written, else the transport's default. */
  persistence: Persistence;
  /** `undefined` where the broker does not have the topic. */
  actual: TopicDescription | undefined;
  supports: ReadonlySet<Field>;
  /** The persistence of every topic, where the transport has no other one to choose. */
  only?: Persistence | undefined;
  /** As in `DriverTopicAdmin`. Default `setting`. */
  persistenceIs?: 'setting' | 'route' | undefined;
  strategy: NonNullable<ConfigureOptions['strategy']>;
  allowPartitionIncrease: boolean;
  /** Fewer partitions are permitted. Default false. */
  allowPartitionDecrease?: boolean;
  /** As in `DriverTopicAdmin`. Default false. */
  canReducePartitions?: boolean | undefined;
  /** Where the topic is being moved to another persistence, rather than found to have one that was not expected. */
  moves?: PersistenceMove | undefined;
  /** Settings of a new topic. Default: the written options. */
  creation?: TopicSpec;
}

/** A topic is moved to the persistence of the input. */
export interface PersistenceMove {
  /** Settings that topics of the former persistence are made with, and those of the new one. */
  readonly from: Partial<TopicSpec>;
  readonly to: Partial<TopicSpec>;
  /** Change only the persistence, and no other written option. */
  readonly alone: boolean;
}

/** The decision: the outcome to report, and the settings to create or alter, if any. */
export interface Reconciliation {
  outcome: TopicOutcome;
  create?: TopicSpec;
  alter?: Partial<TopicSpec>;
}

/** Compares wanted and actual settings by the strategy. Pure. */
export function reconcile(input: ReconcileInput): Reconciliation {
  const { topic, written, persistence, actual, strategy } = input;
  const nothing = { topic, action: 'left' as const, changed: [], mismatches: [], unsupported: [] };
  if (strategy === 'skip') return { outcome: nothing };

  const isRoute = input.persistenceIs === 'route';
  // Beside a broker's topics there is only the way itself, which has no settings.
  const supports = isRoute && persistence === 'ephemeral' ? ONLY_PERSISTENCE : input.supports;
  const unsupported = names(
    (Object.keys(written) as Field[]).filter((field) => !supports.has(field) && !isGiven(input, field)),
  );
  const outcome = { ...nothing, unsupported };

  if (actual === undefined) {
    if (isRoute && persistence === 'ephemeral') return { outcome };
    if (strategy === 'validateOnly') {
      return { outcome: { ...outcome, action: 'mismatched', mismatches: [missing(topic)] } };
    }
    const { creation = { ...written, persistence } } = input;
    const create = pick(creation, (field) => supports.has(field));
    return { outcome: { ...outcome, action: 'created' }, create: { ...create, persistence } };
  }

  const desired = pick(comparable(input, actual), (field) => supports.has(field));
  const different = (Object.keys(desired) as Field[]).filter((field) => differs(field, desired, actual));
  const fixable = different.filter((field) => strategy === 'createOrUpdate' && isFixable(input, field));
  const { refused } = judgeUse({ topic, use: 'subscribe', persistence, actual });
  const mismatches = different
    .filter((field) => !fixable.includes(field))
    .map((field) => mismatch(input, field, desired[field]))
    .concat(refused);
  const action = mismatches.length > 0 ? 'mismatched' : fixable.length > 0 ? 'changed' : 'left';
  const result: Reconciliation = { outcome: { ...outcome, action, changed: names(fixable), mismatches } };
  if (fixable.length > 0) result.alter = pick(desired, (field) => fixable.includes(field));
  return result;
}

/**
 * The wanted settings. Moving the topic to the other persistence exchanges the settings that come with the one for
 * those that come with the other (Kafka: 7 days for an hour); a value that neither brings was chosen, and stays.
 */
function comparable(
  { written, persistence, moves }: ReconcileInput,
  actual: TopicDescription,
): Partial<TopicSpec> {
  if (moves === undefined) return written;
  const { from, to, alone } = moves;
  const exchanged = pick(
    to,
    (field) => written[field] === undefined && field in from && !differs(field, from, actual),
  );
  return { ...exchanged, persistence, ...(alone ? {} : written) };
}

/** Nothing is amiss where a transport lacks it: a description is for people, and the bus keeps it. */
function isGiven({ written, only }: ReconcileInput, field: Field): boolean {
  return field === 'description' || (field === 'persistence' && written.persistence === only);
}

function differs(field: Field, desired: Partial<TopicSpec>, actual: TopicDescription): boolean {
  const [wanted, is] = [desired[field], actual[field]];
  if (LIMITS.has(field)) {
    const [limit, present] = [Number(wanted), Math.max(0, Number(is ?? 0))];
    if (field !== 'retentionMs' || limit === 0 || present === 0) return limit !== present;
    return Math.abs(limit - present) > RETENTION_TOLERANCE_MS;
  }
  // A broker that has no such notion of its own says nothing about it.
  if (field === 'persistence' && is === undefined) return false;
  if (field === 'description') return (wanted ?? '') !== (is ?? '');
  return wanted !== is;
}

function isFixable(input: ReconcileInput, field: Field): boolean {
  const { written, actual, allowPartitionIncrease, moves, persistenceIs } = input;
  if (actual?.alterable === false) return false;
  if (field === 'persistence') return moves !== undefined && persistenceIs !== 'route';
  if (field !== 'partitions') return FIXABLE.has(field);
  return (written.partitions ?? 0) > (actual?.partitions ?? 0)
    ? allowPartitionIncrease
    : input.canReducePartitions === true && input.allowPartitionDecrease === true;
}

function mismatch(input: ReconcileInput, field: Field, expected: unknown): TopicMismatch {
  const { topic, actual } = input;
  const is = LIMITS.has(field) ? (actual?.[field] ?? 0) : actual?.[field];
  return {
    topic,
    field: OPTION_OF[field],
    expected,
    actual: is,
    recommendation: recommendation(input, field),
  };
}

function recommendation(
  { actual, strategy, persistenceIs, canReducePartitions }: ReconcileInput,
  field: Field,
): string {
  const place = actual?.heldBy ?? 'the broker';
  if (field === 'persistence') {
    return persistenceIs === 'route'
      ? `${place} keeps what is published there: take the topic out of it once nobody needs that, or configure it as persistent`
      : 'configure it as it is, or move it with setPersistence';
  }
  if (actual?.alterable === false) {
    return `it shares ${place} with other topics: change the settings there, or give it a place of its own`;
  }
  if (strategy !== 'createOrUpdate' && FIXABLE.has(field)) return "apply it with strategy 'createOrUpdate'";
  if (field === 'partitions') {
    return canReducePartitions === true
      ? 'set allowPartitionIncrease to add partitions, or allowPartitionDecrease to take some away'
      : 'set allowPartitionIncrease to add partitions (it moves keys); they cannot be taken away';
  }
  return 'adjust the configuration, or create a new topic and move over';
}

function missing(topic: string): TopicMismatch {
  const recommendation = "create it, or apply it with strategy 'createOrUpdate'";
  return { topic, field: 'topic', expected: 'present', actual: 'missing', recommendation };
}

function names(fields: readonly Field[]): string[] {
  return fields.map((field) => OPTION_OF[field]);
}

function pick(spec: Partial<TopicSpec>, keep: (field: Field) => boolean): Partial<TopicSpec> {
  return Object.fromEntries(
    Object.entries(spec).filter(([field]) => keep(field as Field)),
  ) as Partial<TopicSpec>;
}
