/** Decides the next step about the pin of a partition that is to be this member's. Pure. */

/** Longer than members take to tell of a new pin. */
const ORPHAN_MS = 2_500;

/** A partition's pin as the server says it, and who claims it. */
export interface PinState {
  /** Of whichever client is served; undefined: the next that asks. */
  readonly pin: string | undefined;
  /** The last one of this client. */
  readonly own: string | undefined;
  /** Requests are made with it, and were not refused. */
  readonly isInUse: boolean;
  /** A member that is there says that it is its own. */
  readonly isClaimed: boolean;
  /** How long it has been known, while no member claimed it. */
  readonly unclaimedMs: number;
  /** Core takes the partition for this member's. */
  readonly isAssigned: boolean;
}

/**
 * - `take`: this client has it, or nobody has, and this client will be served.
 * - `unpin`: it is of this client's former connection, or of a member that is gone; then it is taken.
 * - `wait`: another member has it, and will let go of it; or it is not known who has it.
 * - `let go`: another member has got it meanwhile.
 */
export function pinStep(state: PinState): 'take' | 'unpin' | 'wait' | 'let go' {
  const { pin, own, isInUse, isClaimed, unclaimedMs, isAssigned } = state;
  if (pin === undefined || (pin === own && isInUse)) return 'take';
  if (pin === own) return 'unpin';
  if (isClaimed) return isAssigned ? 'let go' : 'wait';
  // This client's own, perhaps, in a message that is on its way.
  return unclaimedMs >= ORPHAN_MS ? 'unpin' : 'wait';
}
