/** One received message on its way to being settled. */
import type { TimerHandle } from '../clock.js';
import type { IncomingMessage, Settlement, SettleOutcome, SettleToken } from '../driver/message.js';
import type { Envelope } from '../envelope/envelope.js';
import type { Lane } from '../keyed-pool/keyed-lanes.js';
import type { Attempt } from './attempt.js';

/**
 * `queued`: waits for its lane, the rate limit or the end of a pause. `running`: its handler runs.
 * `backoff`: waits for its next attempt. `dead-lettering`: its dead letter is being published.
 * `halted`: stands until released by hand. `done`: settled, or let go of.
 */
export type DeliveryState = 'queued' | 'running' | 'backoff' | 'dead-lettering' | 'halted' | 'done';

/** Also the `Settlement` that the driver is given: nothing is allocated for settling. */
export class Delivery implements Settlement {
  readonly incoming: IncomingMessage;
  readonly token: SettleToken;
  /** The lane that orders it; empty in unordered subscriptions. */
  key = '';
  readonly bytes: number;
  /** When this instance received it, in the monotonic time of its clock. */
  readonly receivedAt: number;
  state: DeliveryState = 'queued';
  outcome: SettleOutcome = 'released';
  /** Attempts begun. */
  attempts = 0;
  /** The attempt that runs, or ran last. */
  attempt: Attempt | undefined = undefined;
  /** Its partition goes to another member: what runs may end, nothing of it is begun any more. */
  revoked = false;
  lastError: unknown = undefined;
  /** Decoded while looking for the key; the first attempt uses it. */
  decoded: Envelope | undefined = undefined;
  lane: Lane<Delivery> | undefined = undefined;
  backoffTimer: TimerHandle | undefined = undefined;
  older: Delivery | undefined = undefined;
  newer: Delivery | undefined = undefined;

  constructor(incoming: IncomingMessage, receivedAt: number) {
    this.incoming = incoming;
    this.token = incoming.token;
    this.bytes = incoming.value.byteLength;
    this.receivedAt = receivedAt;
  }
}
