/** What differs between a topic as configured and as the broker has it, and what to do about it: a pure decision. */
import type { TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import type { TopicMismatch } from '../errors.js';
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

export interface ReconcileInput {
  topic: string;
  /** What was asked for, and only that. */
  desired: TopicSpec;
  /** `undefined` where the broker does not have the topic. */
  actual: TopicDescription | undefined;
  supports: ReadonlySet<Field>;
  /** As in `DriverTopicAdmin`. Default `setting`. */
  persistenceIs?: 'setting' | 'route' | undefined;
  strategy: NonNullable<ConfigureOptions['strategy']>;
  allowPartitionIncrease: boolean;
  /** The topic is being moved to another persistence, rather than found to have one that was not expected. */
  movesPersistence?: boolean;
  /** What a new topic gets where nothing was asked for. */
  defaults?: TopicSpec;
  /** Of those, what belongs to the persistence, so that a topic that is moved to it gets them, too. */
  persistenceDefaults?: Partial<TopicSpec> | undefined;
}

export interface Reconciliation {
  outcome: TopicOutcome;
  create?: TopicSpec;
  alter?: Partial<TopicSpec>;
}

export function reconcile(given: ReconcileInput): Reconciliation {
  const input = given.movesPersistence === true ? withPersistenceDefaults(given) : given;
  const { topic, desired, actual, strategy } = input;
  const nothing = { topic, action: 'left' as const, changed: [], mismatches: [], unsupported: [] };
  if (strategy === 'skip') return { outcome: nothing };

  const isRoute = input.persistenceIs === 'route';
  // Beside a broker's topics there is only the way itself, which has no settings.
  const supports = isRoute && desired.persistence === 'ephemeral' ? ONLY_PERSISTENCE : input.supports;
  const unsupported = names((Object.keys(desired) as Field[]).filter((field) => !supports.has(field)));
  const outcome = { ...nothing, unsupported };
  const wanted = pick(desired, (field) => supports.has(field));

  if (actual === undefined) {
    if (isRoute && desired.persistence === 'ephemeral') return { outcome };
    if (strategy === 'validateOnly') {
      return { outcome: { ...outcome, action: 'mismatched', mismatches: [missing(topic)] } };
    }
    const defaults = pick(input.defaults ?? {}, (field) => supports.has(field));
    return { outcome: { ...outcome, action: 'created' }, create: { ...defaults, ...wanted } as TopicSpec };
  }

  const different = (Object.keys(wanted) as Field[]).filter((field) => differs(field, wanted, actual));
  const fixable = different.filter((field) => strategy === 'createOrUpdate' && isFixable(input, field));
  const mismatches = different
    .filter((field) => !fixable.includes(field))
    .map((field) => mismatch(input, field));
  const action = mismatches.length > 0 ? 'mismatched' : fixable.length > 0 ? 'changed' : 'left';
  const result: Reconciliation = { outcome: { ...outcome, action, changed: names(fixable), mismatches } };
  if (fixable.length > 0) result.alter = pick(wanted, (field) => fixable.includes(field));
  return result;
}

function withPersistenceDefaults(input: ReconcileInput): ReconcileInput {
  return { ...input, desired: { ...input.persistenceDefaults, ...input.desired } };
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
  const { desired, actual, allowPartitionIncrease, movesPersistence = false, persistenceIs } = input;
  if (actual?.alterable === false) return false;
  if (field === 'persistence') return movesPersistence && persistenceIs !== 'route';
  if (field !== 'partitions') return FIXABLE.has(field);
  return allowPartitionIncrease && (desired.partitions ?? 0) > (actual?.partitions ?? 0);
}

function mismatch(input: ReconcileInput, field: Field): TopicMismatch {
  const { topic, desired, actual } = input;
  const is = LIMITS.has(field) ? (actual?.[field] ?? 0) : actual?.[field];
  return {
    topic,
    field: OPTION_OF[field],
    expected: desired[field],
    actual: is,
    recommendation: recommendation(input, field),
  };
}

function recommendation({ actual, strategy, persistenceIs }: ReconcileInput, field: Field): string {
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
    return 'set allowPartitionIncrease to add partitions (it moves keys); they cannot be taken away';
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
