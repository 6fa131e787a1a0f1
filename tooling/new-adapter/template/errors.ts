/** From the client's errors to ebus'. One branch for each case; the original stays as `cause`. */
import { ConnectionError, EbusError, type ErrorClass } from '@ebus/core/driver';
import { AcmeError } from './client.js';

export function classify(error: unknown): ErrorClass {
  if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
  // The connection is gone; the next one may take it.
  if (error instanceof AcmeError && error.code === 'DISCONNECTED') {
    return { code: 'CONNECTION_FAILED', retryable: true };
  }
  // Full, overloaded, and what is not known here: giving up would lose the message, and trying again costs little.
  return { code: 'PUBLISH_FAILED', retryable: true };
}

export function cannotConnect(url: string, error: unknown): EbusError {
  return EbusError.from(error, (reason) => {
    const text = `cannot connect to Acme at ${url}: ${reason}; check acme.url and that the broker runs`;
    return new ConnectionError(text, { cause: error });
  });
}
