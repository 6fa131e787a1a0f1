/** `@ebus/outbox`: events committed with the data they tell of, published afterwards, handled once. */

// ---- for stores ---------------------------------------------------------------------------------------
export type { ClaimedEvent, Lease, OutboxEvent } from './event/outbox-event.js';
// ---- for applications ---------------------------------------------------------------------------------
export { Inbox, type InboxOptions, type OnceOutcome } from './inbox/inbox.js';
export type { InboxStore } from './inbox/inbox-store.js';
export { MemoryInboxStore } from './memory/memory-inbox-store.js';
export { MemoryOutboxStore, type MemoryRow } from './memory/memory-outbox-store.js';
export { MemoryTransaction, memoryTransaction } from './memory/memory-transaction.js';
export { type Outboxed, type OutboxPublishOptions, type OutboxReceipt, outboxed } from './outboxed.js';
export type { BatchReport } from './relay/batch.js';
export { OutboxRelay } from './relay/outbox-relay.js';
export type { HealthOptions, OutboxRelayOptions, RelayBus } from './relay/relay-options.js';
export type { RelayStats } from './relay/relay-stats.js';
export type { Failure, OutboxStats, OutboxStatus, OutboxStore } from './store.js';
