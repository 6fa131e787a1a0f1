/** The memory stores, for the store suite. */
import { MemoryInboxStore } from '../memory/memory-inbox-store.js';
import { MemoryOutboxStore } from '../memory/memory-outbox-store.js';
import { MemoryTransaction } from '../memory/memory-transaction.js';
import type { OutboxStore } from '../store.js';
import type { StoreHarness } from '../store-suite/index.js';

export function memoryHarness(
  change: (store: MemoryOutboxStore) => OutboxStore<MemoryTransaction> = (store) => store,
): StoreHarness<MemoryTransaction> {
  return {
    name: 'memory',
    patience: 2000,
    create: async () => {
      const ended = new MemoryTransaction();
      ended.commit();
      return {
        store: change(new MemoryOutboxStore()),
        inbox: new MemoryInboxStore(),
        outside: ended,
        begin: async () => {
          const tx = new MemoryTransaction();
          return { tx, commit: async () => tx.commit(), rollback: async () => tx.rollback() };
        },
      };
    },
  };
}
