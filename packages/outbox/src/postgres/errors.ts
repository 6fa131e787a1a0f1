/** The database's errors in ebus' terms. */
import { ConfigError, ConnectionError, EbusError, reasonOf } from '@ebus/core/driver';

/** The five characters of SQLSTATE, where the error has them. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** What the relay meets: nothing here belongs to a transaction of the application. */
export function toStoreError(error: unknown, what: string): EbusError {
  return EbusError.from(error, (reason) => {
    const state = sqlState(error);
    const message = `${what}: ${reason}`;
    if (state === '42P01' || state === '42703' || state === '3F000') {
      return new ConfigError(`${message}; call createOutboxSchema(client)`, { cause: error });
    }
    if (state === '55000' && reason.includes('outbox schema'))
      return new ConfigError(reason, { cause: error });
    if (state === '42501' || state?.startsWith('28') === true) {
      return new EbusError(`${message}; grant the login what the guide to the outbox lists`, {
        code: 'UNAUTHORIZED',
        cause: error,
      });
    }
    // Without a state it came from the client: the connection is gone, or there is none to be had.
    if (state === undefined || isOfConnection(state)) return new ConnectionError(message, { cause: error });
    return new EbusError(message, { code: 'INTERNAL', retryable: mayBeRepeated(state), cause: error });
  });
}

/** Connection lost, server shutting down or starting up, too many clients. */
function isOfConnection(state: string): boolean {
  return state.startsWith('08') || state.startsWith('57P') || state === '53300';
}

/** Serialization, deadlock, lock and statement timeouts, lack of resources. */
function mayBeRepeated(state: string): boolean {
  return state.startsWith('40') || state.startsWith('53') || state === '55P03' || state === '57014';
}

/**
 * What `save` meets inside of the application's transaction. Errors that an application may repeat its transaction for
 * are left as they are, since it looks at their codes; those that a caller can mend get a sentence that says how.
 */
export function toSaveError(error: unknown, ids: readonly string[]): unknown {
  const state = sqlState(error);
  const reason = reasonOf(error);
  if (state === '42P01' || state === '42703' || state === '3F000') return toStoreError(error, 'cannot save');
  if (state === '23505') {
    return new EbusError(
      `an event with this id is in the outbox already (${ids.length === 1 ? ids[0] : `one of ${ids.length}`}): ` +
        'leave eventId out to get a new one, or save the event once',
      { code: 'INVALID_ARGUMENT', cause: error },
    );
  }
  if (state === '22P05' || state === '22P02') {
    return new EbusError(
      `the payload cannot be stored as jsonb: ${reason}; it has no place for the character U+0000 and lone surrogates`,
      { code: 'ENVELOPE_INVALID', cause: error },
    );
  }
  return error;
}
