/** Why connecting failed, and whether another attempt may succeed: pure decisions. */
import type { Driver, ErrorClass } from '../driver/driver.js';
import { ConnectionError, EbusError } from '../errors.js';

/**
 * Passing failures are tried again. After a first success so is a refused login: credentials are rotated, and read anew
 * at every attempt; giving up would end a service that runs. Errors of the settings themselves stay.
 */
export function mayHelp({ code, retryable }: ErrorClass, everConnected: boolean): boolean {
  return retryable || (everConnected && code === 'UNAUTHORIZED');
}

/** The error for the caller; an error of ebus stays as it is. */
export function connectError(
  { driver, connectTimeout }: { readonly driver: Driver; readonly connectTimeout: number },
  error: unknown,
  signal: AbortSignal,
): EbusError {
  return EbusError.from(error, (reason) => {
    const why = signal.aborted ? `no connection within ${connectTimeout} ms` : reason;
    return new ConnectionError(`cannot connect to ${driver.system}: ${why}`, { cause: error });
  });
}
