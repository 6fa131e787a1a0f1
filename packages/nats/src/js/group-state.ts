/** A group's state, derived from its consumer's. */
import { ConnectionError, type PartitionLag, type UnsettledCount } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Api } from '../api.js';
import { API } from '../errors.js';
import { inTime } from '../link.js';
import type { PullInbox } from './pull-inbox.js';
import type { Puller } from './puller.js';

/** A consumer as the server says it is. */
export interface ConsumerState {
  readonly info: ConsumerInfo;
  /** The most requests of this instance that may have waited at the server when it said so. */
  readonly ownRequests: number;
  /** Deliveries to other members were noticed. */
  readonly seesOthers: boolean;
  /** Unsettled messages that no member works on: refused here, or settled here and not confirmed yet. */
  readonly unheld: number;
  /** Which stream of its name it counts in. */
  readonly incarnation: string;
}

/**
 * The state of a puller's consumer, in time. The client would keep the question until the server is back, or its time is up.
 * @throws ConnectionError where there is no connection, and no puller
 */
export function stateOf(
  puller: Pick<Puller, 'link' | 'state'> | undefined,
  topic: string,
  signal: AbortSignal,
): Promise<ConsumerState> {
  const what = `the state of the group on '${topic}'`;
  if (puller?.link === undefined) throw new ConnectionError(`not connected: ${what} cannot be asked for`);
  return inTime(puller.state(), signal, `asking for ${what} takes too long`);
}

/**
 * The unsettled messages. Standby instances work on nothing, so messages of the former active one are to be waited
 * for.
 */
export function standing(
  { info, ownRequests, seesOthers, unheld, incarnation }: ConsumerState,
  singleActive: boolean,
): UnsettledCount {
  const { num_ack_pending: unsettled, num_waiting: waiting, delivered } = info;
  const others = !singleActive && (seesOthers || waiting > ownRequests);
  const through = delivered.stream_seq;
  const count = Math.max(0, unsettled - unheld);
  return { count, through, incarnation, ...(others || singleActive ? { others } : {}) };
}

type Inbox = Pick<PullInbox, 'requested' | 'waitingAtMost'>;

/** Remembers the requests that wait while the server is asked. @returns how many may have, once it has answered */
export function requestsSince(
  inbox: Inbox | undefined,
  now: number,
): (inboxNow: Inbox | undefined) => number {
  const waiting = inbox?.waitingAtMost(now) ?? 0;
  const requested = inbox?.requested ?? 0;
  return (inboxNow) => waiting + (inboxNow?.requested ?? 0) - (inboxNow === inbox ? requested : 0);
}

/**
 * The lag of the consumer, with the age of its oldest unsettled message where the server tells it. Costs one request. The
 * server counts a message a moment after it stored it: where the count is 0 and there is a message, the lag is 1.
 */
export async function lagOf(info: ConsumerInfo, api: Api, topic: string): Promise<PartitionLag> {
  const position = info.ack_floor.stream_seq;
  const oldest = await storedAt(api, info.stream_name, topic, position + 1);
  const counted = info.num_pending + info.num_ack_pending;
  const unread = counted === 0 && oldest !== undefined ? 1 : info.num_pending;
  const lag = unread + info.num_ack_pending;
  return {
    partition: 0,
    lag,
    unread,
    position,
    settled: position,
    ...(oldest === undefined ? {} : ageOf(oldest, info.ts)),
  };
}

/**
 * How long a message has waited: by the server's clock alone where it says what time it is (2.10 and later).
 *
 * @param storedAt epoch milliseconds of the server's clock
 * @param told its time when it answered, in ISO 8601
 */
export function ageOf(
  storedAt: number,
  told: string | undefined,
): Pick<PartitionLag, 'oldestAgeMs' | 'oldestTimestamp'> {
  const serverNow = Date.parse(told ?? '');
  return Number.isNaN(serverNow)
    ? { oldestTimestamp: storedAt }
    : { oldestAgeMs: Math.max(0, serverNow - storedAt) };
}

/** Epoch milliseconds at which the topic's first message from that sequence on was stored, where that can be asked. */
async function storedAt(
  api: Api,
  stream: string,
  topic: string,
  sequence: number,
): Promise<number | undefined> {
  const query = { seq: sequence, next_by_subj: topic } as { seq: number };
  try {
    const message = await api.find('looking for the oldest message', [API.noMessage], (manager) =>
      manager.streams.getMessage(stream, query),
    );
    return message?.time.getTime();
  } catch {
    return undefined;
  }
}
