/** What members of both brokers have in common. */
import { type Credit, type DriverSubscription, messageSize } from '@ebus/core/driver';
import type { Owner, VirtualTime } from '../time/virtual-time.js';
import type { Link } from './link.js';
import type { BrokerEvents, Given, StoredRecord } from './records.js';

/** The surroundings of a member: its process, link and history. */
export interface MemberParts {
  /** The process that it is of. */
  readonly name: string;
  readonly time: VirtualTime;
  readonly owner: Owner;
  readonly link: Link;
  readonly events: BrokerEvents;
  /** Remembers a delivery by its bytes. */
  given(value: Uint8Array, given: Given): void;
  /** How much a subscription of that group may hold unsettled. */
  window(group: string): Held;
  /** The bytes that a message is said to have; undefined where it has them. */
  sizeOf(record: StoredRecord): number | undefined;
}

/** Messages, and their bytes. */
export interface Held {
  readonly messages: number;
  readonly bytes: number;
}

/** Core may not grant more than it has room for beside what it holds; it may be about to settle something. */
export function checkCredit(
  { events, name, window, time, owner }: MemberParts,
  group: string,
  { missing = 0 }: Credit,
  now: () => { readonly held: Held; readonly wanted: Held },
): void {
  const problem = () => {
    const { held, wanted } = now();
    if (wanted.messages <= 0 || wanted.bytes <= 0) return undefined;
    const { messages, bytes } = window(group);
    // More than the window may have come again, and wait for the last of them.
    const most = Math.max(messages + missing, missing > 0 ? held.messages + 1 : 0);
    if (held.messages + wanted.messages > most)
      return `${name} holds ${held.messages} messages and has room for ${wanted.messages} more, ${most} are allowed`;
    // Messages that are missing have to come whatever is held: one more byte lets the next one in.
    const room = Math.max(bytes - held.bytes, missing > 0 ? 1 : 0);
    if (wanted.bytes <= room) return undefined;
    return `${name} holds ${held.bytes} bytes and has room for ${wanted.bytes} more, ${bytes} are allowed`;
  };
  if (problem() === undefined) return;
  time.at(
    0,
    () => {
      const text = problem();
      if (text !== undefined) events.problem('bounds', text);
    },
    owner,
  );
}

/** The bytes of a message, as core is told. */
export function sizeOf({ sizeOf: claimed }: MemberParts, record: StoredRecord): number {
  return claimed(record) ?? messageSize(record.value, record.key, record.headers);
}

const LOOK_EVERY_MS = 200;

/** Looks at the broker until everything before a line is settled, whatever the network does to the question. */
export function whenSettled(
  { link, time, owner }: MemberParts,
  isSettled: () => boolean,
  then: () => void,
): void {
  const look = () => {
    const again = () => void time.at(LOOK_EVERY_MS, look, owner);
    link.call('is it settled', isSettled).then((isDone) => (isDone ? then() : again()), again);
  };
  look();
}

/** A subscription, and what happens to its connection. */
export interface Member extends DriverSubscription {
  /** The group has said that it is in position. */
  readonly ready: Promise<void>;
  dropped(): void;
  /** `isTold`: core is told of it; drivers have forgotten to. */
  restored(isTold: boolean): void;
}
