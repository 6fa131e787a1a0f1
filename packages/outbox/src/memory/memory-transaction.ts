/** Transactions of the memory stores: what is written in one is there when it commits, and not at all otherwise. */
import { EbusError } from '@ebus/core/driver';

/** Made by `MemoryDatabase.begin`; a handle for `save`, `once` and the application's own `onCommit`. */
export class MemoryTransaction {
  readonly #commits: (() => void)[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #held = new Set<string>();
  #open = true;

  get isOpen(): boolean {
    return this.#open;
  }

  /** Runs when the transaction commits, in the order of the calls. */
  onCommit(change: () => void): void {
    this.#commits.push(change);
  }

  /** @internal True where the lock was not held yet; `release` runs at the end of the transaction. */
  holds(lock: string): boolean {
    return this.#held.has(lock);
  }

  /** @internal */
  hold(lock: string, release: () => void): void {
    this.#held.add(lock);
    this.#ends.push(release);
  }

  commit(): void {
    this.#end();
    for (const change of this.#commits) change();
    for (const release of this.#ends) release();
  }

  rollback(): void {
    this.#end();
    for (const release of this.#ends) release();
  }

  #end(): void {
    if (!this.#open) throw new EbusError('the transaction has ended', { code: 'INVALID_ARGUMENT' });
    this.#open = false;
  }
}

/** Locks by name that transactions hold until they end. */
export class MemoryLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for the transactions that asked before. */
  async take(tx: MemoryTransaction, name: string): Promise<void> {
    if (tx.holds(name)) return;
    const before = this.#tails.get(name);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = (before ?? Promise.resolve()).then(() => held);
    this.#tails.set(name, tail);
    tx.hold(name, () => {
      release();
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    await before;
  }
}

/** @throws EbusError `INVALID_ARGUMENT` for anything but an open transaction */
export function requireOpen(tx: unknown, method: string): asserts tx is MemoryTransaction {
  if (tx instanceof MemoryTransaction && tx.isOpen) return;
  throw new EbusError(
    `${method} needs an open transaction, and nothing was written: use the one that memoryTransaction(work) hands over`,
    { code: 'INVALID_ARGUMENT' },
  );
}

/** Runs `work` in a transaction: commits when it resolves, rolls back and rejects when it rejects. */
export async function memoryTransaction<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
  const tx = new MemoryTransaction();
  let value: T;
  try {
    value = await work(tx);
  } catch (error) {
    tx.rollback();
    throw error;
  }
  tx.commit();
  return value;
}
