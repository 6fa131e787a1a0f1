/** Time that passes only when the simulation lets it: a heap of timers, and the real event loop for microtasks. */
import { setImmediate as realImmediate } from 'node:timers';

/** Whose timers they are: those of one that is not alive never fire, as those of a process that was killed. */
export interface Owner {
  readonly name: string;
  alive: boolean;
  /** It is stopped until then, as by SIGSTOP: its timers fire afterwards. */
  asleepUntil?: number;
  /** How long it was stopped, in all. */
  slept?: number;
}

/** A timer in virtual milliseconds. */
export interface VirtualTimer {
  due: number;
  readonly id: number;
  readonly fn: () => void;
  readonly owner: Owner | undefined;
  /** Neither fired nor cancelled. */
  pending: boolean;
  /** A process would not end before it has fired. */
  keepsAlive: boolean;
  /** The code that set it, where that is traced. */
  where?: string | undefined;
}

/** How many events may happen between two looks at real time; the event loop's own overhead is shared by so many. */
const EVENTS_A_TURN = 32;

/** Fires timers in the order of their due times, ties in the order of setting. */
export class VirtualTime {
  /** Milliseconds since the simulation began; never goes back. */
  now = 0;
  /** How long the event loop was busy, in all. */
  computed = 0;
  /** How many timers have fired. */
  events = 0;
  readonly #heap: VirtualTimer[] = [];
  #ids = 0;

  /** Calls `fn` once, `ms` from now; ties fire in the order of the calls. */
  at(ms: number, fn: () => void, owner?: Owner): VirtualTimer {
    return this.on(this.now + Math.max(ms, 0), fn, owner);
  }

  /** Calls `fn` once, at that moment. Unlike a delay, a moment is not rounded: what is to keep its order falls due by it. */
  on(due: number, fn: () => void, owner?: Owner): VirtualTimer {
    const timer: VirtualTimer = { due, id: ++this.#ids, fn, owner, pending: true, keepsAlive: true };
    this.#push(timer);
    return timer;
  }

  /** No timer fires any more. Killed processes are held by theirs, and by nothing else. */
  end(): void {
    this.#heap.length = 0;
  }

  cancel(timer: VirtualTimer): void {
    timer.pending = false;
  }

  /** Something computes for so long: timers that fall due meanwhile fire late, as on a busy event loop. */
  compute(ms: number): void {
    this.now += ms;
    this.computed += ms;
  }

  /** Stops it for so long. */
  freeze(owner: Owner, ms: number): void {
    owner.asleepUntil = Math.max(owner.asleepUntil ?? 0, this.now + ms);
    owner.slept = (owner.slept ?? 0) + ms;
  }

  /** For how long it could do nothing so far: the event loop was busy, or it was stopped. */
  idleOf({ slept = 0 }: Owner): number {
    return this.computed + slept;
  }

  sleep(ms: number, owner?: Owner): Promise<void> {
    return new Promise((resolve) => this.at(ms, resolve, owner));
  }

  /** The timers that would keep a process alive. */
  pendingOf(owner: Owner): readonly VirtualTimer[] {
    return this.#heap.filter((timer) => timer.pending && timer.owner === owner && timer.keepsAlive);
  }

  /**
   * Fires timers in order, every microtask run after each, until `done` says so. False when nothing is left to happen, or
   * the time limit (virtual, in milliseconds) is reached.
   */
  run(done: () => boolean, limit: number): Promise<boolean> {
    const end = this.now + limit;
    return new Promise((resolve) => {
      let over = false;
      // Node runs all microtasks between two immediates.
      const step = () => {
        if (over) return;
        over = done();
        if (over) return resolve(true);
        const timer = this.#pop();
        if (timer === undefined || timer.due > end) {
          over = true;
          return resolve(false);
        }
        if (timer.due > this.now) this.now = timer.due;
        timer.pending = false;
        this.events++;
        timer.fn();
      };
      const turn = () => {
        for (let i = 0; i < EVENTS_A_TURN; i++) realImmediate(step);
        realImmediate(() => {
          if (!over) turn();
        });
      };
      turn();
    });
  }

  /** The next timer that is to fire. */
  #pop(): VirtualTimer | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      this.#removeTop();
      if (!top.pending || top.owner?.alive === false) continue;
      const until = top.owner?.asleepUntil ?? 0;
      // By its due time, not by the present one: timers that were put off before would come after this one.
      if (until <= top.due) return top;
      top.due = until;
      this.#push(top);
    }
  }

  #push(timer: VirtualTimer): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent] as VirtualTimer;
      if (!before(timer, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = timer;
  }

  #removeTop(): void {
    const heap = this.#heap;
    const last = heap.pop() as VirtualTimer;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as VirtualTimer, heap[child] as VirtualTimer))
        child++;
      const below = heap[child] as VirtualTimer;
      if (!before(below, last)) break;
      heap[i] = below;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.due < b.due || (a.due === b.due && a.id < b.id);
}
