/** From the client's errors to ebus'. One branch for each case; the original stays as `cause`. */
import { ConnectionError, EbusError, type ErrorClass } from '@ebus/core/driver';

/** The five characters of SQLSTATE; undefined for errors that the client made itself. */
function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

export function classify(error: unknown): ErrorClass {
  if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
  const state = sqlState(error);
  // The client's own: connection refused, cut, timed out.
  if (state === undefined) return { code: 'CONNECTION_FAILED', retryable: true };
  // Wrong login (28), missing permission (42501): the same request is refused again.
  if (state.startsWith('28') || state === '42501') return { code: 'UNAUTHORIZED', retryable: false };
  // The topic's row went away between the question and the answer.
  if (state === '23503' || state === 'EB404') return { code: 'TOPIC_NOT_FOUND', retryable: false };
  // A value or a row beyond the server's limits.
  if (state.startsWith('54')) return { code: 'MESSAGE_TOO_LARGE', retryable: false };
  // Connection lost (08), server shutting down or starting (57P), too many clients (53300).
  if (state.startsWith('08') || state.startsWith('57P') || state === '53300') {
    return { code: 'CONNECTION_FAILED', retryable: true };
  }
  // Data that cannot be written as given (22): a message id with U+0000.
  if (state.startsWith('22')) return { code: 'PUBLISH_FAILED', retryable: false };
  // Deadlock, serialization, statement timeout, disk full, a read-only standby, and what is not known here: giving up
  // would lose the message, and trying again costs little.
  return { code: 'PUBLISH_FAILED', retryable: true };
}

/** `url` without its password. */
export function address(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}

export function cannotConnect(url: string, error: unknown): EbusError {
  return EbusError.from(error, (reason) => {
    const { code, retryable } = classify(error);
    const options = { cause: error, retryable };
    if (code === 'UNAUTHORIZED') {
      const message = `PostgreSQL at ${address(url)} refused the login (${reason}); check postgres.url and its grants`;
      return new ConnectionError(message, { ...options, code });
    }
    const message = `cannot connect to PostgreSQL at ${address(url)}: ${reason}; check postgres.url and that the server runs`;
    return new ConnectionError(message, options);
  });
}
