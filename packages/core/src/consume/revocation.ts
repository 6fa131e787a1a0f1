/**
 * Deliveries that go to another member of the group, or have gone: waiting ones are dropped, running ones may end in
 * time, and nothing is settled afterwards.
 */
import type { Clock } from '../clock.js';
import type { CallOptions } from '../driver/driver.js';
import { EbusError } from '../errors.js';
import { linkedSignal } from '../util/any-signal.js';
import { byOffset, type Delivery, isBusy } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { Drain } from './drain.js';
import type { ConsumeEvents } from './events.js';
import type { InFlight, PartitionShare } from './in-flight.js';
import type { Runner } from './runner.js';
import type { Settler } from './settler.js';

/** How long running handlers may take when their partition is revoked; a driver may allow less. */
const REVOKE_MS = 30_000;
/** How long aborted handlers may take to return before their messages are let go of. */
const ABORT_GRACE_MS = 100;

interface RevocationOptions {
  readonly topic: string;
  readonly clock: Clock;
  readonly events: ConsumeEvents;
  readonly inFlight: InFlight;
  readonly drain: Drain;
  readonly runner: Runner;
  readonly dispatcher: Dispatcher;
  readonly settler: Settler;
  /** Whether dropped deliveries are given back to the broker, which hands it to the next one at once. */
  givesBack(): boolean;
  /** Offsets received of a partition count no more. */
  forget(partition: number): void;
  /** Deliveries were dropped. */
  onDropped(): void;
}

/** Core's side of assignments. Partitions that are revoked in separate calls do not wait for each other. */
export class Revocation {
  readonly #options: RevocationOptions;
  readonly #partitions = new Set<number>();
  /** Told once the subscription has begun. */
  #untold: number[] | undefined = [];
  #isUsed = false;
  /** Of partitions that are being revoked, what may end in time. They may be lost meanwhile. */
  readonly #revoking = new Set<PartitionShare>();
  readonly #ended = new AbortController();

  constructor(options: RevocationOptions) {
    this.#options = options;
  }

  /** This member's, as of now; undefined where nothing is shared by partitions. */
  get partitions(): ReadonlySet<number> | undefined {
    return this.#isUsed ? this.#partitions : undefined;
  }

  /** Unsettled deliveries of partitions that are being revoked: running ones, and those that wait to be given back. */
  *leaving(): IterableIterator<Delivery> {
    for (const share of this.#revoking) {
      yield* share;
      yield* share.aside;
    }
  }

  /** Reports the assignments so far, and every later event. */
  begin(): void {
    const untold = this.#untold ?? [];
    this.#untold = undefined;
    if (untold.length > 0) this.#options.events.assigned(untold);
  }

  assigned(partitions: readonly number[]): void {
    this.#isUsed = true;
    this.#options.inFlight.isOurs ??= (partition) => this.#partitions.has(partition);
    for (const partition of partitions) this.#partitions.add(partition);
    if (this.#untold === undefined) this.#options.events.assigned(partitions);
    else this.#untold.push(...partitions);
  }

  async revoked(partitions: readonly number[], { signal }: CallOptions): Promise<void> {
    const { drain, events, settler, topic, inFlight, givesBack } = this.#options;
    this.#forget(partitions);
    const shares = inFlight.detach(partitions);
    for (const share of shares) this.#revoking.add(share);
    const all = allOf(shares);
    // All of them at first: when one ends, the next of its key may start.
    for (const delivery of all) delivery.revoked = true;
    this.#drop(
      'setAside',
      all.filter((delivery) => !isBusy(delivery)),
    );
    const over = linkedSignal(signal, this.#ended.signal);
    const isDrained = await drain.within(REVOKE_MS, { shares, signal: over.signal });
    over.release();
    if (!isDrained) {
      this.#abort(all, `the partition of '${topic}' was revoked`);
      await drain.within(ABORT_GRACE_MS, { shares, signal: this.#ended.signal });
    }
    // What failed meanwhile, and what did not heed its signal.
    this.#drop('setAside', allOf(shares));
    for (const share of shares) this.#revoking.delete(share);
    // Without those that were lost meanwhile.
    const back = inFlight.takeBack(shares);
    if (givesBack()) for (const delivery of back) settler.add(delivery);
    await settler.settled(partitions);
    events.revoked(partitions, false);
  }

  /** The consumer closes and its time is up: revoked handlers are not waited for any longer. */
  end(): void {
    this.#ended.abort();
  }

  /** @param why in words, where no other member has them */
  unassigned(partitions: readonly number[], why?: string): void {
    this.#forget(partitions);
    const { inFlight, settler } = this.#options;
    const isGone = ({ incoming }: Delivery) => partitions.includes(incoming.position?.partition ?? 0);
    const leaving = [...this.leaving()].filter(isGone);
    settler.forget(isGone);
    this.lost(
      [...allOf(inFlight.detach(partitions)), ...leaving],
      `the partition of '${this.#options.topic}' was lost${why === undefined ? ' to another member' : `: ${why}`}`,
    );
    this.#options.events.revoked(partitions, true, why);
  }

  /** They are not this member's any more: running handlers are aborted, and none is settled. */
  lost(deliveries: readonly Delivery[], why: string): void {
    for (const delivery of deliveries) delivery.revoked = true;
    this.#abort(deliveries, why);
    this.#drop('letGo', deliveries);
  }

  /**
   * These were lost, and come again. Waiting messages of their keys would pass them: the broker gets those back, and
   * redelivers them later.
   */
  leasesLost(deliveries: readonly Delivery[], why: string): void {
    const keys = new Set(deliveries.map(({ key }) => key));
    keys.delete('');
    const { inFlight, settler } = this.#options;
    const gone = new Set(deliveries);
    const waits = (one: Delivery) => one.state !== 'done' && !isBusy(one) && !gone.has(one);
    const behind = [...inFlight].filter((one) => keys.has(one.key) && waits(one));
    // All at once: a lane whose head goes would begin the next of its key.
    for (const delivery of [...deliveries, ...behind]) delivery.revoked = true;
    this.#abort(deliveries, why);
    this.#drop('letGo', [...deliveries, ...behind]);
    for (const delivery of behind.sort(byOffset)) settler.add(delivery);
  }

  #forget(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#partitions.delete(partition);
      this.#options.forget(partition);
    }
  }

  #abort(deliveries: readonly Delivery[], why: string): void {
    const reason = new EbusError(why, { code: 'ABORTED', retryable: true });
    for (const delivery of deliveries) this.#options.runner.abandon(delivery, reason);
  }

  /**
   * They are let go of, or set aside to be given back. A handler that runs on keeps its place in the lane until it returns, so that
   * nothing of its key overlaps it.
   */
  #drop(how: 'letGo' | 'setAside', deliveries: readonly Delivery[]): void {
    const { inFlight, runner, dispatcher, clock, onDropped } = this.#options;
    const held: Delivery[] = [];
    const halted: Delivery[] = [];
    for (const delivery of deliveries) {
      const { state } = delivery;
      if (delivery.backoffTimer !== undefined) clock.clearTimeout(delivery.backoffTimer);
      delivery.backoffTimer = undefined;
      delivery.writing?.abort();
      inFlight[how](delivery);
      if (state === 'halted') halted.push(delivery);
      else if (state === 'backoff' || state === 'dead-lettering') held.push(delivery);
    }
    // Only now: what starts in their place may find that leases have run out, and drop those that are still in flight.
    for (const delivery of halted) {
      dispatcher.release(delivery);
      runner.halts.drop(delivery);
    }
    for (const delivery of held) dispatcher.release(delivery);
    onDropped();
  }
}

const allOf = (shares: readonly PartitionShare[]) => shares.flatMap((share) => [...share]);
