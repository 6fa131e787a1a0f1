import { parkHeader } from '../dead-letters/park/park-note.js';
import { EbusError, lookable } from '../errors.js';
import { decideFailure, type FailureAction } from '../pipeline/failure.js';
import { logFields } from '../telemetry/telemetry.js';
import { backoffDelay } from '../util/backoff.js';
import { isPromise } from '../util/promise.js';
import { Attempt } from './attempt.js';
import type { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import { timeoutError, tooOften, verdictOf } from './failures.js';
import { Halts } from './halts.js';
import { isPermanent } from './invoke.js';
import { Overruns } from './overruns.js';
import type { ConsumePolicy } from './policy.js';
import type { RunnerCounters, RunnerOptions } from './runner-options.js';
import type { StartGate } from './start-gate.js';

/** Runs attempts, and turns their failures into retries, dead letters, discards or halts. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #overruns: Overruns;
  readonly #owner: ConstructorParameters<typeof Attempt>[1];
  readonly #maxDeliveries: number;
  readonly counters: RunnerCounters = {
    handled: 0,
    failedAttempts: 0,
    retried: 0,
    deadLettered: 0,
    discarded: 0,
  };
  #dispatcher!: Dispatcher;
  #halts!: Halts;
  #running = 0;
  #closing = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#overruns = new Overruns(options, (attempt) => this.#abandoned(attempt));
    const { policy, handlerLogger, clock } = options;
    this.#maxDeliveries = policy.maxDeliveries ?? Number.POSITIVE_INFINITY;
    this.#owner = { group: policy.group, logger: handlerLogger, clock, deadlines: this.#overruns.deadlines };
  }

  /** Joins the runner with what starts deliveries; once, before the first one. */
  connect(dispatcher: Dispatcher, gate: StartGate): void {
    this.#dispatcher = dispatcher;
    this.#halts = new Halts({
      dispatcher,
      gate,
      inFlight: this.#options.inFlight,
      ordered: this.#options.policy.ordering !== 'none',
      deadLetter: (delivery) => this.#deadLetter(delivery, delivery.lastError),
    });
  }

  /** Failures are decided by this one from now on. */
  setPolicy(policy: ConsumePolicy): void {
    this.#options.policy = policy;
  }

  get halts(): Halts {
    return this.#halts;
  }

  /** Handlers that have been called and have not returned. */
  get running(): number {
    return this.#running;
  }

  /** Handlers past their timeout. */
  get overruns(): Overruns {
    return this.#overruns;
  }

  /** Begins the next attempt of a delivery that has its place and passed the gate. */
  readonly start = (delivery: Delivery): void => {
    this.#options.inFlight.run(delivery);
    delivery.attempts++;
    const attempt = new Attempt(delivery, this.#owner);
    delivery.attempt = attempt;
    this.#running++;
    const { deliveryCount } = delivery.subject;
    if (
      deliveryCount !== undefined &&
      deliveryCount > this.#maxDeliveries &&
      delivery.lastError === undefined
    ) {
      this.#failed(attempt, tooOften(this.#options.policy, deliveryCount));
      return;
    }
    let outcome: void | Promise<void>;
    let isOver: boolean;
    try {
      outcome = this.#options.invoke(attempt);
      // Reading its `then` may throw.
      isOver = !isPromise(outcome);
    } catch (error) {
      this.#failed(attempt, error);
      return;
    }
    if (isOver) {
      this.#succeeded(attempt);
      return;
    }
    this.#overruns.watch(attempt);
    // Not every thenable keeps the promises of a promise: to call back later, once, and never to throw.
    Promise.resolve(outcome).then(
      () => this.#returned(attempt),
      (error: unknown) => this.#threw(attempt, error),
    );
  };

  /** Nothing new is begun from now on: no retry, no resumption. */
  beginClosing(): void {
    this.#closing = true;
    this.#halts.freeze();
  }

  /** Aborts a running handler; its later result is ignored. */
  abandon(delivery: Delivery, reason: unknown): void {
    const { attempt } = delivery;
    if (delivery.state !== 'running' || attempt === undefined) return;
    attempt.abort(reason);
  }

  /** Stops the timers. */
  close(): void {
    this.#overruns.close();
  }

  #returned(attempt: Attempt): void {
    this.#overruns.deadlines.remove(attempt);
    if (attempt.timedOut) this.#failed(attempt, timeoutError(this.#options.policy, attempt));
    else this.#succeeded(attempt);
  }

  #threw(attempt: Attempt, error: unknown): void {
    this.#overruns.deadlines.remove(attempt);
    this.#failed(attempt, attempt.timedOut ? timeoutError(this.#options.policy, attempt, error) : error);
  }

  #succeeded(attempt: Attempt): void {
    this.#running--;
    if (attempt.abandoned || attempt.delivery.state === 'done') return this.#endedLate(attempt);
    this.counters.handled++;
    this.#options.finish(attempt.delivery, 'handled');
  }

  #failed(attempt: Attempt, error: unknown): void {
    this.#running--;
    const { delivery } = attempt;
    if (attempt.abandoned || delivery.state === 'done') return this.#endedLate(attempt);
    this.#overruns.ended(attempt);
    // Cut short by a close: not the handler's failure. The message goes back as if it had never been tried.
    if (attempt.aborted && !attempt.timedOut) return this.#options.finish(delivery, 'released');
    this.#decide(attempt, lookable(error));
  }

  /** Its outcome is no longer awaited; but where its partition was revoked, its key has waited for its end. */
  #endedLate(attempt: Attempt): void {
    this.#overruns.ended(attempt);
    if (!attempt.abandoned && attempt.delivery.revoked) this.#dispatcher.release(attempt.delivery);
  }

  #decide(attempt: Attempt, error: unknown): void {
    const { delivery } = attempt;
    const { policy, metrics, events } = this.#options;
    delivery.lastError = error;
    this.counters.failedAttempts++;
    const action = decideFailure({
      attempts: delivery.attempts,
      maxRetries: policy.maxRetries,
      permanent: isPermanent(error),
      verdict: verdictOf(this.#options, attempt, error),
      onExhausted: policy.onExhausted,
    });
    const isFinal = action !== 'retry' || this.#closing || delivery.revoked;
    const delay = isFinal ? undefined : backoffDelay(policy.backoff, delivery.attempts, this.#options.clock);
    metrics?.recordError('handler', policy.topic);
    events.handlerError(attempt, error, action, delay);
    this.#act(delivery, error, action, delay);
  }

  #act(delivery: Delivery, error: unknown, action: FailureAction, delay: number | undefined): void {
    switch (action) {
      case 'retry':
        return this.#retryLater(delivery, delay);
      case 'dead-letter':
        return this.#standAside(delivery, error, undefined);
      case 'park':
        return this.#park(delivery, error);
      case 'discard':
        this.counters.discarded++;
        return this.#options.finish(delivery, 'discarded');
      case 'halt':
        if (!this.#halt(delivery)) return;
        this.#dispatcher.hold(delivery);
        return this.#options.events.halted(delivery, error);
    }
  }

  #park(delivery: Delivery, error: unknown): void {
    const { parking, redrives } = this.#options;
    if (delivery.redrive !== undefined) return redrives?.letterFailed(delivery, error);
    const refusal = parking === undefined ? 'the subscription does not park keys' : parking.refusal(delivery);
    if (refusal !== undefined) return this.#act(delivery, notParked(refusal, error), 'halt', undefined);
    this.#standAside(delivery, error, 'first');
  }

  /** It is not handled, and becomes a letter: the first of its key, behind others, or of a key that is not parked. */
  readonly append = (delivery: Delivery, error: unknown, parked: 'first' | 'behind' | undefined): void => {
    delivery.isHeld = true;
    delivery.attempt = new Attempt(delivery, this.#owner);
    this.#standAside(delivery, error, parked);
  };

  /** False where it goes back instead. */
  #halt(delivery: Delivery): boolean {
    // Closing and a revocation wait for what runs: a halt would not end, and the message stays unsettled either way.
    if (this.#closing || delivery.revoked || delivery.state === 'done') {
      this.#options.finish(delivery, 'released');
      return false;
    }
    this.#halts.add(delivery);
    return true;
  }

  #retryLater(delivery: Delivery, delay: number | undefined): void {
    const { policy, clock, metrics, inFlight } = this.#options;
    if (delay === undefined) return this.#options.finish(delivery, 'released');
    inFlight.hold(delivery, 'backoff');
    delivery.backoffTimer = clock.setTimeout(() => {
      delivery.backoffTimer = undefined;
      this.counters.retried++;
      metrics?.recordRetry(policy.topic);
      inFlight.requeue(delivery);
      this.#dispatcher.resume(delivery);
    }, delay);
    // Last: what starts in its place may find that leases have run out, and drop this delivery with them.
    this.#dispatcher.hold(delivery);
  }

  /** Others may run while its letter is written. */
  #standAside(delivery: Delivery, error: unknown, parked: 'first' | 'behind' | undefined): void {
    this.#options.inFlight.hold(delivery, 'dead-lettering');
    this.#dispatcher.hold(delivery);
    // Where it can never be written, that has been told.
    this.#deadLetter(delivery, error, parked).catch(() => {});
  }

  /** @throws PublishError where the letter can never be written: its key is halted for a manual decision */
  async #deadLetter(delivery: Delivery, error: unknown, parked?: 'first' | 'behind'): Promise<void> {
    const { deadLetters, events, metrics, policy, finish, inFlight, parking } = this.#options;
    inFlight.hold(delivery, 'dead-lettering');
    const note = parked === undefined ? undefined : parking?.noteOf(delivery);
    let written = false;
    try {
      const { subject: incoming, attempts, attempt } = delivery;
      const header = note && parkHeader(note);
      if (note !== undefined) delivery.writing = new AbortController();
      const { writing } = delivery;
      written = await deadLetters.write({ incoming, attempts, attempt }, error, header, writing);
    } catch (err) {
      const { topic, deadLetterTopic } = policy;
      const note = 'a dead letter can never be written; its key is halted';
      events.failed('dead-letter-write', err, note, {
        deadLetterTopic,
        key: delivery.key,
        ...logFields(delivery.attempt?.span),
      });
      metrics?.recordError('dead_letter', topic);
      if (this.#halt(delivery)) events.halted(delivery, err);
      throw err;
    } finally {
      if (note !== undefined) parking?.written(note, written);
    }
    // Not written means that the bus closes: the message stays unsettled and comes again.
    if (!written) return finish(delivery, 'released');
    this.counters.deadLettered++;
    metrics?.recordDeadLetter(policy.topic);
    events.deadLettered(delivery, error, parked);
    finish(delivery, 'dead-lettered');
  }

  /** Its handler is not waited for any more. */
  #abandoned(attempt: Attempt): void {
    const { delivery } = attempt;
    if (delivery.state !== 'done') return this.#decide(attempt, timeoutError(this.#options.policy, attempt));
    // Its partition or lease is gone: there is nothing to decide, and its key has waited only for the handler.
    if (delivery.revoked) this.#dispatcher.release(delivery);
  }
}

/** Its key is halted instead. */
function notParked(refusal: string, cause: unknown): EbusError {
  return new EbusError(`the message could not be handled, and its key is not parked: ${refusal}`, {
    code: 'LIMIT',
    cause,
  });
}
