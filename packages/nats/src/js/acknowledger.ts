/** Writes what became of deliveries to the connection that is there, without waiting for answers. */
import type { Clock, SettleToken } from '@ebus/core/driver';
import type { Link } from '../link.js';
import { Wire } from '../wire.js';
import type { JetStreamDelivery } from './delivery.js';
import { atTurnEnd } from './turn-end.js';

/** Words of JetStream about a delivery; no word is an acknowledgement. */
export const WORKING = '+WPI';
export const TERM = '+TERM';
export const NAK = '-NAK';
export const NAK_LATER = '-NAK {"delay": 1000000000}';

const CONFIRM_MS = 2_000;

const textOf = (subject: Uint8Array) => Buffer.from(subject).toString();

/** Of one consumer. What is said goes with the next flush, in one write. */
export class Acknowledger {
  readonly #clock: Pick<Clock, 'setImmediate'> | undefined;
  /** Words that are not sent yet, each behind its delivery. */
  #unsaid: (JetStreamDelivery | string | undefined)[] = [];
  #isSoon = false;
  #link: Link | undefined;
  #wire: Wire | undefined;
  /** Something was said of it last. */
  #last: JetStreamDelivery | undefined;
  /** What can be said of it again without a change. */
  #again = WORKING;

  /** @param clock with it, `flushSoon` sends all of one turn of the event loop at its end */
  constructor(clock?: Pick<Clock, 'setImmediate'>) {
    this.#clock = clock;
  }

  /** False: nothing that is said reaches the server. */
  get isOnline(): boolean {
    return this.#link !== undefined && !this.#link.isClosed;
  }

  online(link: Link | undefined): void {
    if (link !== this.#link) this.flush();
    if (link !== undefined && link !== this.#link) this.#wire = new Wire(link.connection);
    this.#link = link;
  }

  /** Goes with the next flush. */
  say(delivery: JetStreamDelivery, what?: string): void {
    // A lease for one that is to come again after a while would put that off.
    this.#again = what === NAK_LATER ? NAK_LATER : WORKING;
    this.#last = delivery;
    this.#unsaid.push(delivery, what);
  }

  /** Renews the leases of those that are held, at once. @returns false where none is */
  renew(tokens: Iterable<SettleToken>, held: { holds(delivery: JetStreamDelivery): boolean }): boolean {
    let any = false;
    for (const token of tokens) {
      const delivery = token as JetStreamDelivery;
      if (!held.holds(delivery)) continue;
      this.say(delivery, WORKING);
      any = true;
    }
    this.flush();
    return any;
  }

  /** Sends what was said until now. Without a connection the server will deliver it again, and is told then. */
  flush(): void {
    const unsaid = this.#unsaid;
    if (unsaid.length === 0) return;
    this.#unsaid = [];
    const [link, wire] = [this.#link, this.#wire];
    if (link === undefined || link.isClosed || wire === undefined) return;
    try {
      for (let i = 0; i < unsaid.length; i += 2) {
        wire.add((unsaid[i] as JetStreamDelivery).reply, unsaid[i + 1] as string | undefined);
      }
      wire.flush();
    } catch {
      // It closes at this moment.
    }
  }

  /** Handlers that wait end one by one, and each write costs client and server a call of the system. */
  flushSoon(): void {
    if (this.#clock === undefined) return this.flush();
    if (this.#isSoon) return;
    this.#isSoon = true;
    atTurnEnd(this.#clock, () => {
      this.#isSoon = false;
      this.flush();
    });
  }

  /** The stream was made anew: its sequences are others. */
  forget(): void {
    this.#last = undefined;
  }

  /**
   * The server works acknowledgements off one by one: its answer to one more says that all are done. False where it cannot be
   * asked. @throws where it does not answer
   */
  async confirm(): Promise<boolean> {
    this.flush();
    if (this.#last === undefined || this.#link === undefined || this.#link.isClosed) return false;
    await this.#link.connection.request(textOf(this.#last.reply), this.#again, { timeout: CONFIRM_MS });
    return true;
  }
}
