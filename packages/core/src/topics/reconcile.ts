/** What differs between a topic as configured and as the broker has it, and what to do about it: a pure decision. */
import type { TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import type { TopicMismatch } from '../errors.js';
import type { ConfigureOptions, TopicOutcome } from './types.js';

type Field = keyof TopicSpec;

/** Fields a broker can change on a topic that exists; the others need a new topic. */
const FIXABLE: ReadonlySet<Field> = new Set([
  'retentionMs',
  'maxBytes',
  'maxMessages',
  'compression',
  'description',
]);
/** Brokers round retention; such a difference is none. */
const RETENTION_TOLERANCE_MS = 1_000;

export interface ReconcileInput {
  topic: string;
  desired: TopicSpec;
  /** `undefined` where the broker does not have the topic. */
  actual: TopicDescription | undefined;
  supports: ReadonlySet<Field>;
  strategy: NonNullable<ConfigureOptions['strategy']>;
  allowPartitionIncrease: boolean;
}

export interface Reconciliation {
  outcome: TopicOutcome;
  create?: TopicSpec;
  alter?: Partial<TopicSpec>;
}

export function reconcile(input: ReconcileInput): Reconciliation {
  const { topic, desired, actual, supports, strategy } = input;
  const fields = Object.keys(desired) as Field[];
  const unsupported = strategy === 'skip' ? [] : fields.filter((field) => !supports.has(field));
  const outcome = { topic, action: 'left' as const, changed: [], mismatches: [], unsupported };
  if (strategy === 'skip') return { outcome };
  const wanted = pick(desired, (field) => supports.has(field));
  if (actual === undefined) {
    if (strategy === 'validateOnly') {
      const missing = {
        topic,
        field: 'topic',
        expected: 'present',
        actual: 'missing',
        recommendation: 'create it',
      };
      return { outcome: { ...outcome, action: 'mismatched', mismatches: [missing] } };
    }
    return { outcome: { ...outcome, action: 'created' }, create: wanted as TopicSpec };
  }
  const different = (Object.keys(wanted) as Field[]).filter((field) =>
    differs(field, wanted[field], actual[field]),
  );
  const fixable = strategy === 'createOrUpdate' ? different.filter((field) => isFixable(input, field)) : [];
  const mismatches = different
    .filter((field) => !fixable.includes(field))
    .map((field) => mismatch(input, field));
  const action = mismatches.length > 0 ? 'mismatched' : fixable.length > 0 ? 'changed' : 'left';
  const result: Reconciliation = { outcome: { ...outcome, action, changed: fixable, mismatches } };
  if (fixable.length > 0) result.alter = pick(wanted, (field) => fixable.includes(field));
  return result;
}

function differs(field: Field, wanted: unknown, actual: unknown): boolean {
  if (field === 'retentionMs' && typeof wanted === 'number' && typeof actual === 'number') {
    return Math.abs(wanted - actual) > RETENTION_TOLERANCE_MS;
  }
  return wanted !== actual;
}

function isFixable({ desired, actual, allowPartitionIncrease }: ReconcileInput, field: Field): boolean {
  if (field !== 'partitions') return FIXABLE.has(field);
  return allowPartitionIncrease && (desired.partitions ?? 0) > (actual?.partitions ?? 0);
}

function mismatch({ topic, desired, actual, strategy }: ReconcileInput, field: Field): TopicMismatch {
  const recommendation =
    strategy !== 'createOrUpdate' && FIXABLE.has(field)
      ? "apply it with strategy 'createOrUpdate'"
      : field === 'partitions'
        ? 'set allowPartitionIncrease to add partitions (it moves keys); they cannot be taken away'
        : 'adjust the configuration, or create a new topic and move over';
  return { topic, field, expected: desired[field], actual: actual?.[field], recommendation };
}

function pick(spec: Partial<TopicSpec>, keep: (field: Field) => boolean): Partial<TopicSpec> {
  return Object.fromEntries(
    Object.entries(spec).filter(([field]) => keep(field as Field)),
  ) as Partial<TopicSpec>;
}
