/**
 * Partitions that go to another member of the group, or have gone: what waits is let go of, what runs may end in time,
 * and nothing is settled afterwards.
 */
import type { Clock } from '../clock.js';
import type { AssignmentListener } from '../driver/driver.js';
import { EbusError } from '../errors.js';
import type { HighOffsets } from '../util/high-offsets.js';
import type { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { Drain } from './drain.js';
import type { ConsumeEvents } from './events.js';
import type { InFlight } from './in-flight.js';
import type { Runner } from './runner.js';
import type { Settler } from './settler.js';

/** How long running handlers may take when their partition is revoked; a driver may allow less. */
const REVOKE_MS = 30_000;
/** How long aborted handlers may take to return before their messages are let go of. */
const ABORT_GRACE_MS = 100;

export interface RevocationOptions {
  topic: string;
  clock: Clock;
  events: ConsumeEvents;
  inFlight: InFlight;
  drain: Drain;
  runner: Runner;
  dispatcher: Dispatcher;
  settler: Settler;
  /** How far the partitions were received; of those that go it says nothing any more. */
  reached: HighOffsets;
  /** Something was let go of. */
  onDropped(): void;
}

export class Revocation implements AssignmentListener {
  readonly #options: RevocationOptions;
  /** This member's, as of now. */
  readonly partitions = new Set<number>();

  constructor(options: RevocationOptions) {
    this.#options = options;
  }

  assigned(partitions: readonly number[]): void {
    for (const partition of partitions) this.partitions.add(partition);
    this.#options.events.assigned(partitions);
  }

  async revoked(partitions: readonly number[], { signal }: { signal: AbortSignal }): Promise<void> {
    const { drain, events, settler, topic } = this.#options;
    const concerns = of(partitions);
    this.#forget(partitions);
    this.#mark(concerns);
    this.#drop((delivery) => concerns(delivery) && !isBusy(delivery));
    if (!(await drain.within(REVOKE_MS, { concerns, signal }))) {
      this.#abort(concerns, `the partition of '${topic}' was revoked`);
      await drain.within(ABORT_GRACE_MS, { concerns });
    }
    // What failed meanwhile, and what did not heed its signal.
    this.#drop(concerns);
    await settler.settled();
    events.revoked(partitions, false);
  }

  lost(partitions: readonly number[]): void {
    const concerns = of(partitions);
    this.#forget(partitions);
    this.#mark(concerns);
    this.#abort(concerns, `the partition of '${this.#options.topic}' was lost to another member`);
    this.#drop(concerns);
    this.#options.events.revoked(partitions, true);
  }

  #forget(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.partitions.delete(partition);
      this.#options.reached.delete(partition);
    }
  }

  /** All of them at first: when one ends, the next of its key may start. */
  #mark(concerns: (delivery: Delivery) => boolean): void {
    for (const delivery of this.#options.inFlight) if (concerns(delivery)) delivery.revoked = true;
  }

  #abort(concerns: (delivery: Delivery) => boolean, text: string): void {
    const reason = new EbusError(text, { code: 'ABORTED', retryable: true });
    for (const delivery of this.#options.inFlight) {
      if (concerns(delivery)) this.#options.runner.abandon(delivery, reason);
    }
  }

  /** A handler that runs on keeps its place in the lane until it returns, so that nothing of its key overlaps it. */
  #drop(concerns: (delivery: Delivery) => boolean): void {
    const { inFlight, runner, dispatcher, clock, drain, onDropped } = this.#options;
    const held: Delivery[] = [];
    for (const delivery of inFlight) {
      if (!concerns(delivery)) continue;
      const { state } = delivery;
      if (delivery.backoffTimer !== undefined) clock.clearTimeout(delivery.backoffTimer);
      delivery.backoffTimer = undefined;
      delivery.state = 'done';
      inFlight.remove(delivery);
      if (state === 'halted') runner.halts.drop(delivery);
      if (state === 'halted' || state === 'backoff' || state === 'dead-lettering') held.push(delivery);
    }
    for (const delivery of held) dispatcher.release(delivery);
    drain.noteEnd();
    onDropped();
  }
}

const isBusy = ({ state }: Delivery) => state === 'running' || state === 'dead-lettering';

function of(partitions: readonly number[]): (delivery: Delivery) => boolean {
  const set = new Set(partitions);
  return ({ incoming }) => incoming.position?.partition !== undefined && set.has(incoming.position.partition);
}
