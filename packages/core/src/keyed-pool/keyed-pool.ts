/** Runs tasks of one key one at a time, in call order, and tasks of different keys side by side. */
import { type Clock, systemClock } from '../clock.js';
import { type Duration, parseDuration } from '../duration.js';
import { abortError, KeyedPoolFullError } from '../errors.js';
import { AbortListeners } from '../util/abort-listeners.js';
import { SIGNAL_OPTIONS } from '../util/common-options.js';
import { DeadlineQueue } from '../util/deadline-queue.js';
import * as kinds from '../util/option-kinds.js';
import { checkArgument, checkOptions, optionTable } from '../util/options.js';
import { KeyedLanes, type Lane } from './keyed-lanes.js';
import { PoolTask } from './pool-task.js';
import { WaitingRoom } from './waiting-room.js';

/** Bounds of a pool. All optional. */
export interface KeyedPoolOptions {
  /** Tasks that run at once, over all keys. Default 256. */
  concurrency?: number;
  /** Tasks that may be queued per key; in all it is `concurrency * queueSize`. Default 1000. */
  queueSize?: number;
  /** How long `run` waits for room in the queue. 0: not at all; `Infinity`: for ever. Default 500 ms. */
  waitTimeout?: Duration;
  clock?: Clock;
}

const OPTIONS = optionTable<KeyedPoolOptions>({
  concurrency: kinds.positiveInteger,
  queueSize: kinds.positiveInteger,
  waitTimeout: kinds.or(
    kinds.duration,
    kinds.kind('Infinity', (value) => value === Number.POSITIVE_INFINITY),
  ),
  clock: kinds.clock,
});
const TASK = kinds.required(kinds.func);

/** A pool in figures. */
export interface KeyedPoolStats {
  /** Keys with a task running, queued or waiting for room. */
  readonly activeKeys: number;
  readonly running: number;
  readonly queued: number;
  /** Calls of `run` that wait for room in the queue. */
  readonly waiting: number;
  /** Time since the earliest `run` whose task has not ended; 0 when there is none. */
  readonly oldestAgeMs: number;
}

/**
 * A pool of lanes, one per key. A task that fails does not disturb the later ones of its key. Idle keys take no
 * memory. A task must not await another `run` of its own key: that would wait for itself.
 */
export class KeyedPool {
  readonly #queueSize: number;
  readonly #maxQueued: number;
  readonly #waitTimeout: number;
  readonly #clock: Clock;
  readonly #lanes: KeyedLanes<PoolTask>;
  readonly #waitingRoom = new WaitingRoom<PoolTask>();
  readonly #deadlines: DeadlineQueue<PoolTask>;
  readonly #signals = new AbortListeners<PoolTask>((task) => this.#abort(task));
  #unfinished = 0;
  #drained: (() => void)[] = [];

  /** @throws ConfigError for an option that does not exist, or is no positive integer or duration */
  constructor(options: KeyedPoolOptions = {}) {
    checkOptions('KeyedPool', options, OPTIONS);
    const { concurrency = 256, queueSize = 1_000, waitTimeout = 500 } = options;
    this.#queueSize = queueSize;
    this.#maxQueued = concurrency * queueSize;
    this.#waitTimeout = waitTimeout === Number.POSITIVE_INFINITY ? waitTimeout : parseDuration(waitTimeout);
    this.#clock = options.clock ?? systemClock;
    this.#lanes = new KeyedLanes<PoolTask>({ concurrency, run: (task, lane) => this.#start(task, lane) });
    this.#deadlines = new DeadlineQueue<PoolTask>(this.#clock, (task) => this.#turnAway(task), {
      keepAlive: true,
    });
  }

  /**
   * Runs the task and settles as it does. It is started before `run` returns if its key is idle and a slot is free.
   * The signal takes back a task that has not started; one that has is left to itself.
   *
   * Rejects with `TypeError` for a key that is empty or no string, with `KeyedPoolFullError` if there is no room in
   * the queue within `waitTimeout`, and with an `EbusError` of code `ABORTED` if the signal aborts before the start.
   */
  run<R>(key: string, task: () => R | PromiseLike<R>, options: { signal?: AbortSignal } = {}): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (typeof key !== 'string' || key === '')
        throw new TypeError('the key of a task must be a non-empty string');
      checkArgument('KeyedPool.run(key, task): task', task, TASK);
      checkOptions('KeyedPool.run', options, SIGNAL_OPTIONS);
      const { signal } = options;
      if (signal?.aborted) throw abortError(signal, `the task of key '${key}'`);
      const hasRoom = this.#hasRoom(key);
      if (!hasRoom && this.#waitTimeout === 0) throw new KeyedPoolFullError();
      const now = this.#clock.monotonic();
      const added = new PoolTask<R>(key, task, now, signal, resolve, reject) as PoolTask;
      this.#unfinished++;
      if (signal !== undefined) this.#signals.add(signal, added);
      if (hasRoom) this.#lanes.push(key, added);
      else this.#wait(added, now);
    });
  }

  /** Resolves when no task is running, queued or waiting. Tasks that are added meanwhile are waited for as well. */
  drain(): Promise<void> {
    if (this.#unfinished === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** A snapshot, in time proportional to the number of active keys. */
  stats(): KeyedPoolStats {
    const now = this.#clock.monotonic();
    let oldest = now;
    for (const lane of this.#lanes.lanes()) oldest = Math.min(oldest, lane.oldest?.calledAt ?? now);
    let idleKeys = 0;
    for (const task of this.#waitingRoom.fronts()) {
      oldest = Math.min(oldest, task.calledAt);
      if (this.#lanes.find(task.key) === undefined) idleKeys++;
    }
    return {
      activeKeys: this.#lanes.activeKeys + idleKeys,
      running: this.#lanes.running,
      queued: this.#lanes.queued,
      waiting: this.#waitingRoom.size,
      oldestAgeMs: now - oldest,
    };
  }

  /** Room is given to those that wait in the moment it comes up, so where there is some, no waiting item is overtaken. */
  #hasRoom(key: string): boolean {
    return this.#keyHasRoom(key) && this.#lanes.queued < this.#maxQueued;
  }

  #keyHasRoom(key: string): boolean {
    return this.#lanes.waiting(key) < this.#queueSize;
  }

  #wait(task: PoolTask, now: number): void {
    task.state = 'waiting';
    this.#waitingRoom.enter(task);
    if (this.#keyHasRoom(task.key)) this.#waitingRoom.serve(task.key);
    if (this.#waitTimeout < Number.POSITIVE_INFINITY) this.#deadlines.add(task, now + this.#waitTimeout);
  }

  /** A task of that key has left the queue: lets those in for whom there is room now. */
  #admit(key: string): void {
    if (this.#waitingRoom.size === 0) return;
    if (this.#keyHasRoom(key)) this.#waitingRoom.serve(key);
    while (this.#lanes.queued < this.#maxQueued) {
      const task = this.#waitingRoom.next();
      if (task === undefined) return;
      this.#deadlines.remove(task);
      task.state = 'queued';
      this.#lanes.push(task.key, task);
      if (this.#keyHasRoom(task.key)) this.#waitingRoom.serve(task.key);
    }
  }

  #start(task: PoolTask, lane: Lane<PoolTask>): void {
    task.state = 'started';
    this.#ignoreSignal(task);
    this.#admit(task.key);
    try {
      const result = task.task();
      if (typeof result === 'object' && result !== null) {
        Promise.resolve(result).then(
          (value) => this.#end(task, lane, () => task.resolve(value)),
          (error: unknown) => this.#end(task, lane, () => task.reject(error)),
        );
      } else this.#end(task, lane, () => task.resolve(result));
    } catch (error) {
      this.#end(task, lane, () => task.reject(error));
    }
  }

  #end(task: PoolTask, lane: Lane<PoolTask>, settle: () => void): void {
    task.state = 'ended';
    settle();
    this.#lanes.release(lane);
    this.#finished();
  }

  #turnAway(task: PoolTask): void {
    this.#waitingRoom.leave(task);
    task.state = 'ended';
    this.#ignoreSignal(task);
    task.reject(new KeyedPoolFullError());
    this.#finished();
  }

  #abort(task: PoolTask): void {
    if (task.state === 'waiting') {
      this.#deadlines.remove(task);
      this.#waitingRoom.leave(task);
    } else {
      this.#lanes.remove(task.key, task);
    }
    task.state = 'ended';
    task.reject(abortError(task.signal as AbortSignal, `the task of key '${task.key}'`));
    this.#admit(task.key);
    this.#finished();
  }

  #ignoreSignal(task: PoolTask): void {
    if (task.signal !== undefined) this.#signals.remove(task.signal, task);
  }

  #finished(): void {
    this.#unfinished--;
    if (this.#unfinished > 0) return;
    const drained = this.#drained;
    this.#drained = [];
    for (const resolve of drained) resolve();
  }
}
