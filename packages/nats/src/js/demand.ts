/** How much a puller asks the server for. Pure. */
import type { Credit } from '@ebus/core/driver';
import { SINGLE_ACTIVE } from '../consumer-plan.js';
import type { PullRequest } from './pull-inbox.js';

/** Also how long a server that did not notice the end of a connection may go on delivering to it. */
const EXPIRES_MS = 6_000;
/** Idle heartbeats that a pull request asks for. */
export const HEARTBEAT_MS = 3_000;
/** One request never asks for more: the server would send it faster than it is read. */
const MAX_BATCH = 500;
const MAX_BYTES = 16 * 1024 * 1024;

/** The numbers that decide about the next pull request. */
export interface Standing {
  readonly credit: Credit;
  /** Pushed and not settled. */
  readonly held: number;
  /** Asked for and on its way. */
  readonly outstanding: number;
  /** Unsettled messages that the consumer may have, over all instances. */
  readonly maxAckPending: number;
  /** How many instances are to find room among those. Default: 2. */
  readonly members?: number;
}

/**
 * Messages to ask for now; 0: not worth a request, or no room. An instance takes its part of what all instances may have
 * unsettled, so that another one finds work at once. Missing older messages are asked for in any case:
 * the server gives those first, and newer ones that are held wait for them.
 */
export function batchOf({ credit, held, outstanding, maxAckPending, members = 2 }: Standing): number {
  if (credit.messages <= 0 || credit.bytes <= 0) return 0;
  const share = Math.max(1, Math.ceil(maxAckPending / members));
  const room = Math.min(credit.messages, Math.max(share - held, credit.missing ?? 0), MAX_BATCH);
  const missing = room - outstanding;
  if (missing <= 0) return 0;
  return outstanding === 0 || missing * 2 >= room ? missing : 0;
}

/**
 * Messages that open requests may still bring are not asked for again. Where the server has said that the next message is
 * larger than the bytes left, that one is asked for, at any size. Undefined: no room.
 */
export function limitsOf(batch: number, bytes: number, isLarge: boolean) {
  if (bytes <= 0) return undefined;
  return isLarge ? { batch: 1, maxBytes: 0 } : { batch, maxBytes: Math.min(bytes, MAX_BYTES) };
}

/** With a single active client (`pin`), the server misses one that does not ask: requests end well before that. */
function requestOf(
  limits: Pick<PullRequest, 'batch' | 'maxBytes'>,
  pin?: { readonly ttlMs: number; readonly id: string | undefined },
): PullRequest {
  if (pin === undefined) return { ...limits, expiresMs: EXPIRES_MS, heartbeatMs: HEARTBEAT_MS };
  const { ttlMs, id } = pin;
  return { ...limits, expiresMs: ttlMs / 2, heartbeatMs: ttlMs / 5, group: SINGLE_ACTIVE, id };
}

interface Limits {
  /** Bytes that open requests may still bring. */
  readonly promised: number;
  /** The server has said that the next message is larger than the bytes left. */
  readonly isLarge: boolean;
  readonly pin: Parameters<typeof requestOf>[1];
}

/** The next pull request; undefined where none is worth it, or there is no room. */
export function nextRequest(standing: Standing, { promised, isLarge, pin }: Limits): PullRequest | undefined {
  const { outstanding, credit } = standing;
  // Refused requests that are asked for again at once would be refused again at once, for as long as others are open.
  if (isLarge && outstanding > 0) return undefined;
  const batch = batchOf(standing);
  if (batch === 0) return undefined;
  const limits = limitsOf(batch, credit.bytes - promised, isLarge);
  return limits && requestOf(limits, pin);
}
