/**
 * The unsettled deliveries of a subscription, and the only owner of their states: each partition has a list in the order of
 * arrival, and counts. Lists are made of the deliveries themselves, so nothing is allocated for one.
 *
 *     buffered → queued → running → done
 *                  ↑         ↓
 *                  └── backoff, dead-lettering, halted → done
 */
import type { SettleOutcome } from '../driver/message.js';
import { EbusError } from '../errors.js';
import { byOffset, type Delivery, type DeliveryState, isBusy, type Share } from './delivery.js';

type Writable = { -readonly [Field in keyof Delivery]: Delivery[Field] };
type Held = 'backoff' | 'dead-lettering' | 'halted';

/** The part of a partition that is in flight here, from its assignment until it is revoked or lost. */
export class PartitionShare implements Share {
  readonly partition: number;
  oldest: Delivery | undefined;
  newest: Delivery | undefined;
  count = 0;
  /** Of these, the ones whose handler runs or whose dead letter is on its way. */
  busy = 0;
  /** Out of the list, and to be handed back with the rest (`takeBack`). */
  readonly aside = new Set<Delivery>();

  constructor(partition: number) {
    this.partition = partition;
  }

  /** Oldest first. The current one may leave the list meanwhile. */
  *[Symbol.iterator](): Iterator<Delivery> {
    for (let delivery = this.oldest; delivery !== undefined; ) {
      const next: Delivery | undefined = delivery.newer;
      yield delivery;
      delivery = next;
    }
  }
}

/** Owns the state of every delivery, and checks each transition. Keeps log order by partition. */
export class InFlight implements Iterable<Delivery> {
  readonly #shares = new Map<number, PartitionShare>();
  /** Of those that were set aside. */
  readonly #shareOf = new Map<Delivery, PartitionShare>();
  #latest: PartitionShare | undefined;
  #count = 0;
  #bytes = 0;
  #busy = 0;
  /** Set where partitions are assigned: whether that one is this member's now. */
  isOurs: ((partition: number) => boolean) | undefined;
  /** Called whenever a busy delivery becomes free. */
  onFreed: (() => void) | undefined;
  /** Called with each delivery that has left, after that. */
  onLeft: ((delivery: Delivery) => void) | undefined;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Those whose handler runs or whose dead letter is on its way. */
  get busy(): number {
    return this.#busy;
  }

  /** The one that is here for longest. */
  get oldest(): Delivery | undefined {
    if (this.#shares.size === 1) return this.#latest?.oldest;
    let found: Delivery | undefined;
    for (const { oldest } of this.#shares.values()) {
      if (oldest !== undefined && (found === undefined || oldest.receivedAt < found.receivedAt))
        found = oldest;
    }
    return found;
  }

  /** The share of a partition, made where there is none; undefined where the partition is not this member's. */
  share(partition: number): PartitionShare | undefined {
    if (this.#latest?.partition === partition) return this.#latest;
    let share = this.#shares.get(partition);
    if (share === undefined) {
      if (this.isOurs?.(partition) === false) return undefined;
      share = new PartitionShare(partition);
      this.#shares.set(partition, share);
    }
    this.#latest = share;
    return share;
  }

  /** The deliveries of a partition, oldest first. */
  of(partition: number): Iterable<Delivery> {
    return this.#shares.get(partition) ?? [];
  }

  /** Takes the shares out: their deliveries are released one by one; the partitions begin anew when they come again. */
  detach(partitions: readonly number[]): PartitionShare[] {
    const detached: PartitionShare[] = [];
    for (const partition of partitions) {
      const share = this.#shares.get(partition);
      if (share === undefined) continue;
      this.#shares.delete(partition);
      detached.push(share);
    }
    this.#latest = this.#shares.values().next().value;
    return detached;
  }

  /** It has arrived: `buffered`. */
  add(delivery: Delivery, share: PartitionShare): void {
    const own = delivery as Writable;
    own.share = share;
    own.older = share.newest;
    if (share.newest === undefined) share.oldest = delivery;
    else (share.newest as Writable).newer = delivery;
    share.newest = delivery;
    share.count++;
    this.#count++;
    this.#bytes += delivery.bytes;
  }

  /** It is given to its lane. */
  begin(delivery: Delivery): void {
    if (delivery.state !== 'buffered') throw wrong(delivery, 'queued');
    (delivery as Writable).state = 'queued';
  }

  /** Its handler is called. */
  run(delivery: Delivery): void {
    if (delivery.state !== 'queued') throw wrong(delivery, 'running');
    (delivery as Writable).state = 'running';
    this.#nowBusy(delivery, 1);
  }

  /** It stands, and nothing of its key may pass it. */
  hold(delivery: Delivery, state: Held): void {
    const { state: before } = delivery;
    const fits =
      before === 'running' ||
      ((before === 'halted' || before === 'queued') && state === 'dead-lettering') ||
      before === 'dead-lettering';
    if (!fits) throw wrong(delivery, state);
    const [wasBusy, nowBusy] = [isBusy(delivery), isBusy({ state })];
    (delivery as Writable).state = state;
    if (wasBusy === nowBusy) return;
    this.#nowBusy(delivery, nowBusy ? 1 : -1);
    if (wasBusy) this.onFreed?.();
  }

  /** A held delivery may be tried again. */
  requeue(delivery: Delivery): void {
    if (delivery.state !== 'backoff' && delivery.state !== 'halted') throw wrong(delivery, 'queued');
    (delivery as Writable).state = 'queued';
  }

  /** The next letter of its key is handled in its place. */
  again(delivery: Delivery): void {
    if (delivery.state !== 'dead-lettering') throw wrong(delivery, 'queued');
    (delivery as Writable).state = 'queued';
    this.#nowBusy(delivery, -1);
  }

  /**
   * Its outcome is final. A `released` delivery stays in the list, so that all of them can be handed back in log order
   * (`takeBack`); other outcomes remove it.
   */
  finish(delivery: Delivery, outcome: SettleOutcome): void {
    if (delivery.state === 'done') throw wrong(delivery, 'done');
    (delivery as Writable).outcome = outcome;
    this.#end(delivery, outcome !== 'released');
  }

  /** It was handled before, and is not in the list: it is settled once more as handled. */
  settleAgain(delivery: Delivery): void {
    (delivery as Writable).state = 'done';
    (delivery as Writable).outcome = 'handled';
  }

  /** It leaves the list, and goes back with its share (`takeBack`), unless it is let go of before. */
  setAside(delivery: Delivery): void {
    const share = delivery.share as PartitionShare | undefined;
    if (share === undefined) return;
    this.#end(delivery, true);
    share.aside.add(delivery);
    this.#shareOf.set(delivery, share);
  }

  /**
   * It is not this member's any more, and is not settled, also if it was set aside. Nothing happens where it was settled or
   * handed back.
   */
  letGo(delivery: Delivery): void {
    if (delivery.share !== undefined) return this.#end(delivery, true);
    this.#shareOf.get(delivery)?.aside.delete(delivery);
    this.#shareOf.delete(delivery);
  }

  /**
   * Takes out all deliveries of these shares (by default all shares), those that were set aside included, in the order of the
   * log, to be handed back.
   */
  takeBack(shares: Iterable<PartitionShare> = this.#shares.values()): Delivery[] {
    const back: Delivery[] = [];
    for (const share of [...shares]) {
      const own = [...share, ...share.aside];
      for (const delivery of own) {
        (delivery as Writable).outcome = 'released';
        this.letGo(delivery);
      }
      back.push(...own.sort(byOffset));
    }
    return back;
  }

  /**
   * The oldest of each partition, and since when the oldest of all is here. By its arrival: a producer may have stamped it
   * with any time.
   */
  held(): { held: ReadonlyMap<number, object>; oldestArrival: number | undefined } {
    const held = new Map<number, object>();
    for (const { partition, oldest } of this.#shares.values())
      if (oldest !== undefined) held.set(partition, oldest);
    return { held, oldestArrival: this.oldest?.receivedAt };
  }

  /** Oldest first within a partition. The current one may leave the list meanwhile. */
  *[Symbol.iterator](): Iterator<Delivery> {
    for (const share of [...this.#shares.values()]) yield* share;
  }

  #end(delivery: Delivery, leaves: boolean): void {
    const wasBusy = isBusy(delivery);
    if (wasBusy) this.#nowBusy(delivery, -1);
    (delivery as Writable).state = 'done';
    if (leaves) {
      this.#unlink(delivery);
    }
    if (wasBusy) this.onFreed?.();
  }

  #nowBusy({ share }: Delivery, step: 1 | -1): void {
    this.#busy += step;
    if (share !== undefined) (share as PartitionShare).busy += step;
  }

  #unlink(delivery: Delivery): void {
    const { older, newer } = delivery;
    const share = delivery.share as PartitionShare;
    if (older === undefined) share.oldest = newer;
    else (older as Writable).newer = newer;
    if (newer === undefined) share.newest = older;
    else (newer as Writable).older = older;
    share.count--;
    this.#count--;
    this.#bytes -= delivery.bytes;
    const own = delivery as Writable;
    own.older = undefined;
    own.newer = undefined;
    own.share = undefined;
    this.onLeft?.(delivery);
  }
}

function wrong({ state, incoming }: Delivery, to: DeliveryState): EbusError {
  return new EbusError(`a delivery of '${incoming.topic}' cannot go from ${state} to ${to}`, {
    code: 'INTERNAL',
  });
}
