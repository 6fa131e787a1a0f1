/** Options of every driver call that may take long. */

/** Every call that may take long carries a signal; core aborts it at the caller's timeout or abort. */
export interface CallOptions {
  readonly signal: AbortSignal;
}
