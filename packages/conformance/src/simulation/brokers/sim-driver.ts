/** A driver for the simulated brokers: every call goes over the link. */
import {
  type AttemptOptions,
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  ConnectionError,
  type Driver,
  type DriverHost,
  definePlugin,
  EbusError,
  type IncomingMessage,
  type OutgoingRecord,
  type SendReceipt,
  type SendRecord,
  type SubscriptionSink,
  type SubscriptionSpec,
  z,
} from '@ebus/core/driver';
import type { Random } from '../time/random.js';
import type { Member, MemberParts } from './member.js';
import { incoming } from './records.js';
import type { SimServer } from './servers.js';
import type { SimAdmin } from './sim-admin.js';

/** Options of a `SimDriver`. */
export interface SimDriverOptions {
  readonly parts: MemberParts;
  readonly server: SimServer;
  readonly random: Random;
  /** Undefined where topics need not be made. */
  readonly admin: SimAdmin | undefined;
  /** Many records are taken in one call. */
  readonly batches: boolean;
  /** Refuses a send before it leaves, for good or not. */
  refuse(record: OutgoingRecord): EbusError | undefined;
  /** What shares one limit. */
  kindOf(record: OutgoingRecord): string;
  /** It says of a subscription that it has resumed. */
  saysResumed(): boolean;
  /** The bus says that it is connected. */
  saysConnected(): boolean;
  /** So many sends of that kind are in the driver now. */
  sending(kind: string, open: number): void;
}

/** The driver under core in one simulated process. It keeps to the contract of `Driver`. */
export class SimDriver implements Driver<undefined> {
  readonly specVersion = 2;
  readonly system = 'simulated';
  readonly native = undefined;
  readonly defaultPersistence = 'persistent';
  readonly isShared = false;
  readonly #options: SimDriverOptions;
  readonly #members = new Set<Member>();
  readonly #open = new Map<string, number>();
  #host: DriverHost | undefined;
  #attempt = 0;
  #isAway = false;
  #isClosed = false;
  readonly admin?: SimAdmin;
  readonly sendBatch?: (records: readonly SendRecord[]) => void;

  constructor(options: SimDriverOptions) {
    this.#options = options;
    if (options.admin !== undefined) this.admin = options.admin;
    if (!options.batches) return;
    this.sendBatch = (records) => {
      options.parts.events.count('driver: batch');
      for (const record of records) this.#answer(record, this.#send(record));
    };
  }

  capabilities(): Capabilities {
    return this.#options.server.capabilities;
  }

  async connect(host: DriverHost, { attempt, signal }: AttemptOptions): Promise<void> {
    this.#host = host;
    await this.#options.parts.link.call('connect', () => {}, signal);
    this.#attempt = attempt;
    this.#isAway = false;
  }

  /** Another client: what was under way is lost, and the subscriptions go on. */
  async reconnect({ attempt, signal }: AttemptOptions): Promise<void> {
    const { parts, saysConnected } = this.#options;
    const { link, events, name } = parts;
    events.count('driver: reconnect');
    if (link.isUp) {
      link.cut();
      for (const member of this.#members) member.dropped();
      link.restore();
    }
    await link.call('connect', () => {}, signal);
    // As clients say it: the connection is there, and its subscriptions are not yet.
    this.#isAway = true;
    this.#host?.onState({ status: 'connected', attempt });
    await link.call('subscribe anew', () => {}, signal);
    if (saysConnected())
      events.problem('connection', `${name} was connected before its subscriptions were back`);
    this.#attempt = attempt;
    this.#isAway = false;
    this.#restored();
  }

  async ping({ signal }: CallOptions): Promise<object> {
    return this.#options.parts.link.call('ping', () => ({}), signal);
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as in the interface.
  send(record: SendRecord): Promise<SendReceipt> | void {
    const answer = this.#send(record);
    if (this.#options.random.chance(0.5)) return answer;
    this.#answer(record, answer);
  }

  #send(record: SendRecord): Promise<SendReceipt> {
    const { parts, refuse, admin } = this.#options;
    const { events, name } = parts;
    if (this.#isClosed) events.problem('driver', `${name} sent something after close`);
    if (this.#isAway) events.problem('driver', `${name} sent something while the connection was away`);
    admin?.uses(record.topic, record.persistence, 'sent something to');
    return this.#sent(record, refuse(record));
  }

  /** The other way to answer; and clients have called back twice before. */
  #answer(record: SendRecord, answer: Promise<SendReceipt>): void {
    const { random } = this.#options;
    answer.then(
      ({ position }) => {
        record.stored(position);
        if (random.chance(0.1)) record.stored(position);
      },
      (error: unknown) => {
        record.failed(error);
        if (random.chance(0.1)) record.failed(error);
      },
    );
  }

  async subscribe(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    { signal }: AttemptOptions,
  ): Promise<Member> {
    const { parts, server, admin } = this.#options;
    if (this.#isClosed) parts.events.problem('driver', `${parts.name} subscribed after close`);
    let joined: Member | undefined;
    const leave = async () => {
      if (joined === undefined) return;
      this.#members.delete(joined);
      await joined.close({ signal: AbortSignal.abort() });
    };
    const joining = parts.link.call('subscribe', () => {
      admin?.check(spec);
      joined = server.subscribe(spec, parts, sink);
      this.#members.add(joined);
      return joined;
    });
    try {
      const member = await orAborted(joining, signal);
      await orAborted(member.ready, signal);
      return member;
    } catch (error) {
      parts.events.count('driver: subscribe given up');
      // It may join, or have joined, all the same.
      void joining.then(leave, leave);
      throw error;
    }
  }

  async *browse(
    { topic, from, partition: wanted }: BrowseSpec,
    { signal }: CallOptions,
  ): AsyncIterable<IncomingMessage> {
    const { parts, server } = this.#options;
    const group = typeof from === 'object' && 'group' in from ? from.group : undefined;
    const records = await parts.link.call('browse', () => server.read(topic, group, wanted), signal);
    for (const record of records) {
      const { partition, offset } = record;
      yield { ...incoming(record, record.value), token: undefined, position: { partition, offset } };
    }
  }

  classify(error: unknown) {
    if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
    return { code: 'SUBSCRIBE_FAILED' as const, retryable: true };
  }

  async close(_options: CallOptions): Promise<void> {
    this.#isClosed = true;
  }

  /** The connection broke, or the broker went away. */
  lost(): void {
    this.#isAway = true;
    for (const member of this.#members) member.dropped();
    const cause = new ConnectionError('the connection broke');
    this.#host?.onState({ status: 'reconnecting', cause, attempt: this.#attempt });
  }

  back(): void {
    this.#isAway = false;
    this.#restored();
    this.#host?.onState({ status: 'connected', attempt: this.#attempt });
  }

  #restored(): void {
    for (const member of this.#members) member.restored(this.#options.saysResumed());
  }

  async #sent(record: SendRecord, refused: EbusError | undefined): Promise<SendReceipt> {
    const { parts, server, sending, kindOf, admin } = this.#options;
    const kind = kindOf(record);
    const open = (this.#open.get(kind) ?? 0) + 1;
    this.#open.set(kind, open);
    sending(kind, open);
    try {
      if (refused !== undefined) throw refused;
      const { topic, persistence, key, tombstone, headers, messageId, ownsValue, deadline } = record;
      const value = record.value.slice();
      const copy = { topic, persistence, key, tombstone, headers, messageId, ownsValue, deadline, value };
      return await parts.link.call('send', () => {
        admin?.check(copy);
        return { position: server.store(copy) };
      });
    } finally {
      this.#open.set(kind, (this.#open.get(kind) ?? 0) - 1);
    }
  }
}

/** What comes first. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** The configuration carries the driver: one plug-in, whose schema is compiled once, serves every bus. */
export const simulated = definePlugin({
  kind: 'transport',
  name: 'simulated',
  config: z.any(),
  create: ({ driver }: { driver: SimDriver }) => driver,
});
