/** One received message on its way to being settled. */
import type { TimerHandle } from '../clock.js';
import type { RedriveCommand } from '../dead-letters/park/redrive-command.js';
import type { IncomingMessage, Settlement, SettleOutcome, SettleToken } from '../driver/message.js';
import { sizeOf } from '../driver/message-size.js';
import { compareOffsets } from '../driver/offsets.js';
import type { Envelope } from '../envelope/envelope.js';
import type { Lane } from '../keyed-pool/keyed-lanes.js';
import type { Message } from '../pipeline/message.js';
import type { MessageIds } from '../pipeline/message-ids.js';
import type { SpanIdentity } from '../telemetry/telemetry.js';

/**
 * `buffered`: read ahead, not begun. `queued`: waits for its lane, the rate limit or the end of a pause. `running`: its
 * handler runs. `backoff`: waits for its next attempt. `dead-lettering`: its dead letter is being published, or letters of its
 * key are being read. `halted`: stands until released by hand. `done`: settled, or let go of. `InFlight` alone changes it.
 */
export type DeliveryState =
  | 'buffered'
  | 'queued'
  | 'running'
  | 'backoff'
  | 'dead-lettering'
  | 'halted'
  | 'done';

/** An attempt to handle a delivery, as others see it. `Attempt` is what there is. */
export interface DeliveryAttempt {
  readonly message: Message;
  readonly ids: MessageIds;
  /** The span that it runs in, where there is one. */
  readonly span: SpanIdentity | undefined;
  /** Until when it may run, in monotonic time. */
  readonly deadline: number;
  /** Aborts its signal; the first reason stays. */
  abort(reason: unknown): void;
}

/** The part of a partition that is in flight here. `InFlight` keeps it. */
export interface Share extends Iterable<Delivery> {
  readonly partition: number;
  readonly count: number;
  readonly busy: number;
}

/** Also the `Settlement` that the driver is given: nothing is allocated for settling. */
export class Delivery implements Settlement {
  readonly incoming: IncomingMessage;
  /** The token of the newest delivery of this message: the broker may redeliver it while it is here. */
  token: SettleToken;
  /** The lane that orders it; empty in unordered subscriptions. */
  key = '';
  /** Of value, key and headers. */
  readonly bytes: number;
  /** When this instance received it, in the monotonic time of its clock. */
  readonly receivedAt: number;
  /** Monotonic milliseconds at which its lease began; 0 where there are none. */
  leasedAt = 0;
  readonly state: DeliveryState = 'buffered';
  readonly outcome: SettleOutcome = 'released';
  /** Attempts begun. */
  attempts = 0;
  /** The attempt that runs, or ran last. */
  attempt: DeliveryAttempt | undefined = undefined;
  /** No longer this member's, or soon not: a running handler may end, no other is begun. */
  revoked = false;
  lastError: unknown = undefined;
  /** Decoded while looking for the key; the first attempt uses it. */
  decoded: Envelope | undefined = undefined;
  lane: Lane<Delivery> | undefined = undefined;
  /** It has its place in its lane although no attempt was begun. */
  isHeld = false;
  /** Ends the writing of its letter once it is no longer ours. */
  writing: AbortController | undefined = undefined;
  /** The group that it was redriven for, if any. */
  redrivenFor: string | undefined = undefined;
  /** It asks for the letters of its key, and is no message by itself. */
  command: RedriveCommand | undefined = undefined;
  /** It asks for its key to be parked, and is not to be handled. */
  parks = false;
  /** The letters that are handed to the handler in its place. */
  redrive: { readonly letter: IncomingMessage | undefined } | undefined = undefined;
  backoffTimer: TimerHandle | undefined = undefined;
  /** Its place in the list of deliveries in flight, while it is there. */
  readonly share: Share | undefined = undefined;
  readonly older: Delivery | undefined = undefined;
  readonly newer: Delivery | undefined = undefined;

  constructor(incoming: IncomingMessage, receivedAt: number) {
    this.incoming = incoming;
    this.token = incoming.token;
    this.bytes = sizeOf(incoming);
    this.receivedAt = receivedAt;
  }

  /** The message to handle: a letter of its key, while that is redriven. */
  get subject(): IncomingMessage {
    return this.redrive?.letter ?? this.incoming;
  }
}

/** Its handler runs, or its dead letter is on its way. */
export function isBusy({ state }: Pick<Delivery, 'state'>): boolean {
  return state === 'running' || state === 'dead-lettering';
}

/** By their places in the log; those that lie in no one log stay in the order of their arrival. */
export function byOffset(a: Delivery, b: Delivery): number {
  const [left, right] = [a.incoming.position, b.incoming.position];
  if (left === undefined || right === undefined || left.incarnation !== right.incarnation) return 0;
  return compareOffsets(left.offset, right.offset);
}
