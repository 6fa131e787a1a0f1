/** Compares a subscription's needs with an existing consumer: use, change or refuse it. Pure. */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type PriorityPolicy,
  ReplayPolicy,
} from '@nats-io/jetstream';

const NANOS = 1_000_000;
/** Consumers of groups that are not durable vanish by themselves when their process did. */
const INACTIVE_MS = 5 * 60_000;
/** The one priority group of a consumer with a single active client. */
export const SINGLE_ACTIVE = 'ebus';
/** The bounds of a pin's lifetime, in milliseconds. */
const PIN_TTL_MS = { least: 2_000, most: 10_000 };

/** The consumer that a subscription needs. A consumer is found by stream and name. */
export interface ConsumerSpec {
  readonly stream: string;
  readonly name: string;
  /** The subjects it delivers; more than one needs a 2.10 server. */
  readonly filters: readonly string[];
  readonly durable: boolean;
  /** Where it starts where it does not exist: also a stream sequence. */
  readonly from: 'earliest' | 'latest' | Date | number;
  /** One client at a time gets messages. */
  readonly singleActive: boolean;
  /** Default: `explicit`. With `all` an acknowledgement confirms all messages before its own. */
  readonly ackPolicy?: 'explicit' | 'all' | undefined;
  readonly description?: string;
}

/** The settings of the configuration that consumers are made with. Durations in milliseconds. */
export interface ConsumerSettings {
  readonly ackWait: number;
  readonly maxAckPending: number;
  readonly maxWaiting: number;
  readonly replayPolicy: 'instant' | 'original';
}

/**
 * A single active client that asks for nothing for so long is replaced, in milliseconds. No longer than leases last where it
 * can be: its successor waits for the leases of its messages. Not much shorter than an event loop may be busy.
 */
export function pinTtlOf({ ackWait }: Pick<ConsumerSettings, 'ackWait'>): number {
  return Math.min(PIN_TTL_MS.most, Math.max(PIN_TTL_MS.least, ackWait));
}

type ConsumerPlan =
  | { readonly act: 'use' }
  | { readonly act: 'change'; readonly changes: Partial<ConsumerConfig> }
  /** `remedy`: beside another group and the consumer's deletion. */
  | { readonly act: 'refuse'; readonly why: string; readonly remedy?: string };

/** A new pull consumer: acknowledgements, no limit of deliveries because core counts attempts. */
export function newConsumer(spec: ConsumerSpec, settings: ConsumerSettings): ConsumerConfig {
  const { filters, durable, name } = spec;
  return {
    name,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(durable ? { durable_name: name } : { inactive_threshold: INACTIVE_MS * NANOS }),
    ...(filters.length > 1 ? { filter_subjects: [...filters] } : { filter_subject: filters[0] as string }),
    ack_policy: ackPolicyOf(spec),
    replay_policy: settings.replayPolicy === 'original' ? ReplayPolicy.Original : ReplayPolicy.Instant,
    max_waiting: settings.maxWaiting,
    ack_wait: settings.ackWait * NANOS,
    max_ack_pending: settings.maxAckPending,
    max_deliver: -1,
    ...startOf(spec.from),
    ...(spec.singleActive ? pinned(settings) : {}),
  };
}

function pinned(settings: ConsumerSettings): Partial<ConsumerConfig> {
  return {
    priority_groups: [SINGLE_ACTIVE],
    priority_policy: 'pinned_client' as PriorityPolicy,
    priority_timeout: pinTtlOf(settings) * NANOS,
  };
}
/** Left out of the request, and so taken off. */
const UNPINNED = { priority_groups: undefined, priority_policy: undefined, priority_timeout: undefined };

/**
 * A consumer keeps its position through changes. Settings that the server cannot change are refused where they break
 * ebus.
 */
export function planConsumer(
  spec: ConsumerSpec,
  settings: ConsumerSettings,
  found: ConsumerConfig,
): ConsumerPlan {
  const why = unusable(spec, found);
  if (why !== undefined) return { act: 'refuse', why };
  if (found.ack_policy !== ackPolicyOf(spec)) return otherPolicy(spec, found);
  const changes = differing(found, {
    ack_wait: settings.ackWait * NANOS,
    max_ack_pending: settings.maxAckPending,
    ...always(spec),
    ...(spec.singleActive ? pinned(settings) : UNPINNED),
  });
  return changes === undefined ? { act: 'use' } : { act: 'change', changes };
}

/** What has to be changed back while it is read, since no configuration wants it; undefined where nothing has. */
export function broken(spec: ConsumerSpec, found: ConsumerConfig): Partial<ConsumerConfig> | undefined {
  return differing(found, always(spec));
}

/** Settings that no configuration changes: with others messages or positions are lost. */
function always({ durable }: ConsumerSpec): Partial<ConsumerConfig> {
  return {
    max_deliver: -1,
    // It would override the ack wait, and with it the leases.
    backoff: [],
    // Empty bodies are no messages.
    headers_only: false,
    // Limits of requests: one beyond them is refused, and asked again for ever.
    max_batch: 0,
    max_bytes: 0,
    max_expires: 0,
    // A durable one would lose its position while its service is away.
    ...(durable ? { inactive_threshold: 0 } : {}),
  };
}

function differing(
  found: ConsumerConfig,
  wanted: { readonly [Key in keyof ConsumerConfig]?: ConsumerConfig[Key] | undefined },
): Partial<ConsumerConfig> | undefined {
  const changes = Object.entries(wanted).filter(
    ([key, value]) => !isSame(value, found[key as keyof ConsumerConfig]),
  );
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

function ackPolicyOf({ ackPolicy }: Pick<ConsumerSpec, 'ackPolicy'>): AckPolicy {
  return ackPolicy === 'all' ? AckPolicy.All : AckPolicy.Explicit;
}

/** The server changes the ack policy of no consumer. */
function otherPolicy(spec: ConsumerSpec, { ack_policy: found }: ConsumerConfig): ConsumerPlan {
  const why = `it has ack policy '${found}' and not '${ackPolicyOf(spec)}', and a server cannot change that`;
  const isKnown = found === AckPolicy.Explicit || found === AckPolicy.All;
  return isKnown
    ? { act: 'refuse', why, remedy: `set nats.jetstream.consumer.ackPolicy to '${found}'` }
    : { act: 'refuse', why };
}

function unusable({ filters, durable }: ConsumerSpec, found: ConsumerConfig): string | undefined {
  if (found.deliver_subject !== undefined && found.deliver_subject !== '') return 'it is a push consumer';
  if (durable && found.mem_storage === true) return 'it keeps its position in memory (mem_storage)';
  const delivered = filtersOf(found);
  const isSameFilter = delivered.length === filters.length && filters.every((one) => delivered.includes(one));
  return isSameFilter ? undefined : `it delivers ${delivered.join(', ') || 'everything'}`;
}

/** A consumer's filter subjects, from whichever field the server used; an empty list for no filter. */
export function filtersOf({ filter_subjects: many, filter_subject: one }: ConsumerConfig): string[] {
  if (many !== undefined && many.length > 0) return many;
  return one === undefined || one === '' ? [] : [one];
}

/** Whether one client at a time gets messages of it. */
export function isSingleActive(found: ConsumerConfig | undefined): boolean {
  return found?.priority_groups?.includes(SINGLE_ACTIVE) === true;
}

/** The server leaves out values that are zero, empty or false. */
function isSame(wanted: unknown, found: unknown): boolean {
  const isNothing = (value: unknown) =>
    value === undefined ||
    value === 0 ||
    value === false ||
    value === '' ||
    value === 'none' ||
    (Array.isArray(value) && value.length === 0);
  if (isNothing(wanted) && isNothing(found)) return true;
  return JSON.stringify(wanted) === JSON.stringify(found);
}

function startOf(
  from: ConsumerSpec['from'],
): Pick<ConsumerConfig, 'deliver_policy'> & Partial<ConsumerConfig> {
  if (from === 'earliest') return { deliver_policy: DeliverPolicy.All };
  if (from === 'latest') return { deliver_policy: DeliverPolicy.New };
  if (typeof from === 'number') {
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) };
  }
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.toISOString() };
}
