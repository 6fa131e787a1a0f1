/** The network between one process and the broker: it delays, loses and cuts, and keeps the order of what it carries. */
import { ConnectionError } from '@ebus/core/driver';
import type { Random } from '../time/random.js';
import type { Owner, VirtualTime, VirtualTimer } from '../time/virtual-time.js';

/** How bad the network is: probabilities for each request, times in milliseconds. */
export interface NetworkFaults {
  requestLost: number;
  answerLost: number;
  slow: number;
  slowMs: number;
}

/** Options of a `Link`. `count` counts faults by name. */
export interface LinkOptions {
  time: VirtualTime;
  random: Random;
  owner: Owner;
  faults: NetworkFaults;
  count(event: string): void;
  /** What became of a request, for people: `the answer to send was lost`. */
  note?(text: string): void;
}

interface UnderWay {
  /** The broker has it: cutting the connection does not take that back. */
  arrived: boolean;
  isCut?: boolean;
  end(error: unknown): void;
}

/** What a client waits for an answer before it gives up. */
const REQUEST_TIMEOUT_MS = 3_000;

/** One connection. Requests arrive, and answers come back, in the order of the calls. */
export class Link {
  /** False while the cable is out. */
  isUp = true;
  /** Requests on their way to the broker: they arrive although nobody may wait for their answers. */
  arriving = 0;
  readonly #options: LinkOptions;
  /** A connection that breaks takes it along. */
  readonly #underWay = new Set<UnderWay>();
  #lastArrival = 0;
  #lastAnswer = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** True once the process is gone: nothing it asked for is ever answered. */
  get isDead(): boolean {
    return !this.#options.owner.alive;
  }

  /**
   * One request: `serve` runs at the broker when it arrives, and what it returns travels back. Rejects with a retryable
   * `ConnectionError` where the request or its answer is lost, or takes too long: it may arrive all the same. Requests arrive
   * in the order of the calls, and so do answers.
   */
  call<T>(what: string, serve: () => T, signal?: AbortSignal): Promise<T> {
    const { time, random, faults, count, note } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const call: UnderWay = { arrived: false, end: () => {} };
      const cancel = () => call.end(signal?.reason);
      const over = () => {
        time.cancel(timer);
        signal?.removeEventListener('abort', cancel);
        return this.#underWay.delete(call);
      };
      const timer = this.#later(REQUEST_TIMEOUT_MS, () => {
        // Where the process slept, an answer that came in time is read first.
        this.#later(0, () => {
          if (!this.#underWay.has(call)) return;
          count('network: no answer in time');
          call.end(lost(what, 'no answer in time'));
        });
      });
      call.end = (error) => {
        if (over()) reject(error);
      };
      this.#underWay.add(call);
      if (signal?.aborted === true) return cancel();
      signal?.addEventListener('abort', cancel);
      const fail = (ms: number, why: string) => this.#later(ms, () => call.end(lost(what, why)));
      if (!this.isUp) {
        count('network: request while cut');
        return void fail(random.between(1, 200), 'no connection');
      }
      if (random.chance(faults.requestLost)) {
        count('network: request lost');
        note?.(`lost the request to ${what}`);
        return void fail(random.between(1, REQUEST_TIMEOUT_MS), 'the request was lost');
      }
      this.#lastArrival = Math.max(this.#lastArrival, time.now + this.#delay());
      this.arriving++;
      time.on(this.#lastArrival, () => {
        this.arriving--;
        if (call.isCut === true) return;
        call.arrived = true;
        let answer: T;
        try {
          answer = serve();
        } catch (error) {
          this.#answer(() => call.end(error));
          return;
        }
        if (random.chance(faults.answerLost)) {
          count('network: answer lost');
          note?.(`lost the answer to ${what}`);
          return void fail(random.between(1, REQUEST_TIMEOUT_MS), 'the answer was lost');
        }
        this.#answer(() => {
          if (over()) resolve(answer);
          else count('network: answer too late');
        });
      });
    });
  }

  /** Sent without waiting for an answer: it arrives, or not. */
  tell(serve: () => void): void {
    const { time, random, faults, count } = this.#options;
    if (!this.isUp || random.chance(faults.requestLost)) return count('network: message lost');
    this.#lastArrival = Math.max(this.#lastArrival, time.now + this.#delay());
    time.on(this.#lastArrival, () => this.isUp && serve());
  }

  /** From the broker to the process. Dropped where the connection breaks on the way. */
  push(arrive: () => void, dropped: () => void = () => {}): void {
    if (!this.isUp || this.isDead) return dropped();
    const call: UnderWay = { arrived: true, end: dropped };
    this.#underWay.add(call);
    this.#answer(() => {
      if (this.#underWay.delete(call)) arrive();
    });
  }

  /** Everything under way is lost; nothing gets through until `restore`. */
  cut(): void {
    this.isUp = false;
    for (const call of [...this.#underWay]) {
      call.isCut = !call.arrived;
      call.end(lost('a request', 'the connection broke'));
      this.#underWay.delete(call);
    }
  }

  restore(): void {
    this.isUp = true;
  }

  #answer(arrive: () => void): void {
    const { time, owner } = this.#options;
    this.#lastAnswer = Math.max(this.#lastAnswer, time.now + this.#delay());
    time.on(this.#lastAnswer, arrive, owner);
  }

  /** At the process: not where that is dead. */
  #later(ms: number, fn: () => void): VirtualTimer {
    return this.#options.time.at(ms, fn, this.#options.owner);
  }

  #delay(): number {
    const { random, faults } = this.#options;
    return random.chance(faults.slow) ? random.between(0, faults.slowMs) : random.between(0.05, 1);
  }
}

const lost = (what: string, why: string) => new ConnectionError(`${what}: ${why}`, { retryable: true });
