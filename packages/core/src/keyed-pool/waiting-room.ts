/** Where tasks wait until a keyed pool has room for them: one line per key, lines served in turn. */
import { Deque } from '../util/deque.js';

interface Line<T> {
  readonly key: string;
  readonly tasks: Deque<T>;
  /** Tasks that have not left; those that have are dropped when they come to the front. */
  present: number;
  /** Whether it is among the lines to serve. */
  isServed: boolean;
}

/**
 * Tasks of one key leave in the order in which they entered. A line is served while its key has room; lines that are
 * served take turns.
 */
export class WaitingRoom<T extends { readonly key: string }> {
  readonly #lines = new Map<string, Line<T>>();
  readonly #served = new Deque<Line<T>>();
  readonly #gone = new WeakSet<T>();
  #size = 0;

  /** Tasks that wait here. */
  get size(): number {
    return this.#size;
  }

  /** The first task of every line. */
  *fronts(): IterableIterator<T> {
    for (const line of this.#lines.values()) yield line.tasks.peek() as T;
  }

  /** Goes to the end of its key's line. */
  enter(task: T): void {
    let line = this.#lines.get(task.key);
    if (line === undefined) {
      line = { key: task.key, tasks: new Deque(), present: 0, isServed: false };
      this.#lines.set(task.key, line);
    }
    line.tasks.push(task);
    line.present++;
    this.#size++;
  }

  /** Leaves without having been served; the task must be here. */
  leave(task: T): void {
    const line = this.#lines.get(task.key) as Line<T>;
    this.#gone.add(task);
    this.#left(line);
  }

  /** Tells that a key has room for one more. */
  serve(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined || line.isServed) return;
    line.isServed = true;
    this.#served.push(line);
  }

  /**
   * The next task to let in, or undefined. Its line is not served any more until `serve` says again that there is room.
   */
  next(): T | undefined {
    for (let line = this.#served.shift(); line !== undefined; line = this.#served.shift()) {
      line.isServed = false;
      if (line.present === 0) continue;
      const task = line.tasks.shift() as T;
      this.#left(line);
      return task;
    }
    return undefined;
  }

  #left(line: Line<T>): void {
    this.#size--;
    line.present--;
    if (line.present === 0) {
      this.#lines.delete(line.key);
      return;
    }
    while (this.#gone.has(line.tasks.peek() as T)) line.tasks.shift();
  }
}
