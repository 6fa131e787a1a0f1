/** How much a puller asks the server for. Pure. */
import type { Credit } from '@ebus/core/driver';

/** One request never asks for more: the server would send it faster than it is read. */
const MAX_BATCH = 500;

export interface Standing {
  readonly credit: Credit;
  /** Pushed and not settled. */
  readonly held: number;
  /** Asked for and on its way. */
  readonly outstanding: number;
  /** Unsettled messages that the consumer may have, over all instances. */
  readonly maxAckPending: number;
}

/**
 * Messages to ask for now; 0: not worth a request, or no room. An instance takes half of what all instances may have
 * unsettled, so that another one finds something to do at once.
 */
export function batchOf({ credit, held, outstanding, maxAckPending }: Standing): number {
  if (credit.messages <= 0 || credit.bytes <= 0) return 0;
  const share = Math.max(1, Math.ceil(maxAckPending / 2));
  const room = Math.min(credit.messages, share - held, MAX_BATCH);
  const missing = room - outstanding;
  if (missing <= 0) return 0;
  return outstanding === 0 || missing * 2 >= room ? missing : 0;
}

/** Where the server has said that the next message is larger than the credit: that one is asked for, whatever its size. */
export function limitsOf(batch: number, credit: Credit, isLarge: boolean, maxPayload: number) {
  return isLarge ? { batch: 1, maxBytes: 2 * maxPayload } : { batch, maxBytes: credit.bytes };
}
