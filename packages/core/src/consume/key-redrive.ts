/**
 * Handing the letters of a parked key back. The message that asks for it stays at the head of its lane: letters are handled in its
 * place, one after the other, and newer messages of the key wait behind it.
 */
import type { Clock } from '../clock.js';
import { LogOrder, type LogPlace, logOf } from '../dead-letters/park/log-order.js';
import type { WaitingLetter } from '../dead-letters/park/next-letters.js';
import { type HandledNote, type ParkNote, placeOf } from '../dead-letters/park/park-note.js';
import { type LettersPage, type ParkedLetters, unparked } from '../dead-letters/park/parked-letters.js';
import type { RedriveCommand } from '../dead-letters/park/redrive-command.js';
import type { IncomingMessage, SettleOutcome } from '../driver/message.js';
import { EbusError, reasonOf } from '../errors.js';
import type { Disclose } from '../util/disclose.js';
import { backOff } from '../util/waiting.js';
import type { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { ConsumeEvents } from './events.js';
import type { InFlight } from './in-flight.js';
import type { ConsumePolicy } from './policy.js';

const RETRY = { base: 200, max: 30_000 };
/** After a crash at most so many letters are handled again. */
const MARK_EVERY = 100;
const MAX_REASON = 500;

/** The parts that redriving works with. */
export interface KeyRedrivesOptions {
  readonly policy: ConsumePolicy;
  readonly clock: Clock;
  readonly disclose: Disclose;
  readonly events: Pick<ConsumeEvents, 'failed' | 'parkedAgain'>;
  readonly inFlight: InFlight;
  readonly dispatcher: Dispatcher;
  readonly letters: ParkedLetters;
  /** The dead-letter topic has that note now. */
  noted(note: ParkNote): void;
  finish(delivery: Delivery, outcome: SettleOutcome): void;
}

/** One redrive of one key. */
interface Run {
  readonly command: RedriveCommand;
  page: LettersPage | undefined;
  index: number;
  readonly order: LogOrder;
  /** By log: all up to there is handled. */
  readonly through: Map<string, LogPlace>;
  /** Letters handled since the last note. */
  count: number;
  letter: IncomingMessage | undefined;
}

/** The redrives of one consumer. */
export class KeyRedrives {
  readonly #options: KeyRedrivesOptions;
  /** No further letter is begun. */
  readonly #closing = new AbortController();
  /** Nothing is written any more. */
  readonly #stopped = new AbortController();

  constructor(options: KeyRedrivesOptions) {
    this.#options = options;
  }

  /** It is the turn of that message, which asks for the letters of its key. */
  begin(delivery: Delivery, command: RedriveCommand): void {
    const run: Run = {
      ...{ command, page: undefined, index: 0, count: 0, letter: undefined },
      ...{ order: new LogOrder(), through: new Map() },
    };
    const { inFlight, dispatcher } = this.#options;
    inFlight.hold(delivery, 'dead-lettering');
    dispatcher.hold(delivery);
    delivery.isHeld = true;
    delivery.redrive = run;
    void this.#turnPage(delivery, run);
  }

  /** The letter in the place of that message is handled, dead-lettered or discarded. */
  letterDone(delivery: Delivery): void {
    const run = delivery.redrive as Run;
    const { page } = run;
    const at = page?.letters[run.index]?.at;
    if (at !== undefined) run.through.set(logOf(at), at);
    run.count++;
    run.index++;
    this.#hold(delivery);
    if (this.#isOver(delivery)) void this.#cutShort(delivery, run);
    else if (page?.letters[run.index] !== undefined) this.#handle(delivery, run);
    else if (page?.hasMore === true) void this.#turnPage(delivery, run);
    else void this.#end(delivery, run);
  }

  /** It failed for good: its key stays parked, from this letter on. */
  letterFailed(delivery: Delivery, error: unknown): void {
    this.#hold(delivery);
    void this.#fail(delivery, delivery.redrive as Run, error);
  }

  /** The letters under way are the last ones. */
  close(): void {
    this.#closing.abort();
  }

  /** Gives up notes that are not acknowledged: those letters are handled again. */
  stop(): void {
    this.#closing.abort();
    this.#stopped.abort();
  }

  #hold(delivery: Delivery): void {
    const { inFlight, dispatcher } = this.#options;
    if (delivery.state === 'running') dispatcher.hold(delivery);
    inFlight.hold(delivery, 'dead-lettering');
  }

  #isOver(delivery: Delivery): boolean {
    return this.#closing.signal.aborted || delivery.revoked || delivery.state === 'done';
  }

  #handle(delivery: Delivery, run: Run): void {
    const { inFlight, dispatcher, policy } = this.#options;
    const next = run.page?.letters[run.index] as WaitingLetter;
    run.letter = unparked(next, policy.topic);
    delivery.attempts = 0;
    delivery.lastError = undefined;
    delivery.decoded = undefined;
    inFlight.again(delivery);
    dispatcher.resume(delivery);
  }

  async #turnPage(delivery: Delivery, run: Run): Promise<void> {
    const { clock, events, letters, policy } = this.#options;
    for (let failures = 0; ; ) {
      if (this.#isOver(delivery)) return this.#cutShort(delivery, run);
      try {
        if (run.count >= MARK_EVERY) await this.#write(delivery, run, {});
        run.page = await letters.next(run.command.key, run.page?.reached, run.order, this.#closing.signal);
        run.index = 0;
      } catch (error) {
        if (this.#isOver(delivery)) continue;
        const { deadLetterTopic } = policy;
        const note = 'cannot read the letters of a parked key; trying again';
        events.failed('dead-letter-read', error, note, { deadLetterTopic, key: delivery.key });
        await backOff(clock, RETRY, ++failures, this.#closing.signal);
        continue;
      }
      if (this.#isOver(delivery)) continue;
      if (run.page.letters.length > 0) return this.#handle(delivery, run);
      if (!run.page.hasMore) return this.#end(delivery, run);
    }
  }

  /** No letter is left: the key is free, from behind the message that asked. */
  async #end(delivery: Delivery, run: Run): Promise<void> {
    const { position } = delivery.incoming;
    const at = position && placeOf(position);
    if (at !== undefined) run.through.set(logOf(at), at);
    const isWritten = await this.#writeOrStop(delivery, run, { redrive: run.command.id });
    this.#finish(delivery, isWritten ? 'handled' : 'released');
  }

  async #fail(delivery: Delivery, run: Run, error: unknown): Promise<void> {
    const { disclose, events } = this.#options;
    const code = EbusError.isInstance(error) ? error.code : 'HANDLER_FAILED';
    const failed = { code, reason: disclose(reasonOf(error), MAX_REASON) };
    const isWritten = await this.#writeOrStop(delivery, run, { redrive: run.command.id, failed });
    if (isWritten) events.parkedAgain(delivery, error);
    this.#finish(delivery, isWritten ? 'dead-lettered' : 'released');
  }

  /** It goes back, and begins anew behind the letters that were handled. */
  async #cutShort(delivery: Delivery, run: Run): Promise<void> {
    if (run.count > 0) await this.#write(delivery, run, {}).catch(() => {});
    this.#finish(delivery, 'released');
  }

  /** False where the consumer has ended before the note was acknowledged. */
  async #writeOrStop(delivery: Delivery, run: Run, more: Partial<HandledNote>): Promise<boolean> {
    const { clock, events, policy } = this.#options;
    for (let failures = 0; !this.#stopped.signal.aborted && delivery.state !== 'done'; ) {
      try {
        await this.#write(delivery, run, more);
        return true;
      } catch (error) {
        if (this.#stopped.signal.aborted) return false;
        const { deadLetterTopic } = policy;
        const note = 'could not note how far a parked key was handled; trying again';
        events.failed('dead-letter-write', error, note, { deadLetterTopic, key: delivery.key });
        await backOff(clock, RETRY, ++failures, this.#stopped.signal);
      }
    }
    return false;
  }

  async #write(delivery: Delivery, run: Run, more: Partial<HandledNote>): Promise<void> {
    const { letters, noted } = this.#options;
    const { key } = run.command;
    const { count } = run;
    const note: ParkNote = { kind: 'handled', key, through: [...run.through.values()], count, ...more };
    await letters.write(note, delivery.incoming.key, this.#stopped.signal);
    run.count -= count;
    noted(note);
  }

  #finish(delivery: Delivery, outcome: SettleOutcome): void {
    delivery.redrive = undefined;
    this.#options.finish(delivery, outcome);
  }
}
