/** `OTEL_SEMCONV_STABILITY_OPT_IN`: which names of the conventions spans and metrics have. */

/**
 * Whether attributes that the conventions renamed have their former names, too. They do by default, since tools know those.
 * `messaging` leaves them out; `messaging/dup` asks for both, and comes first.
 */
export function keepsFormerNames(optIn: string | undefined): boolean {
  const values = (optIn ?? '').split(',').map((value) => value.trim().toLowerCase());
  return values.includes('messaging/dup') || !values.includes('messaging');
}
