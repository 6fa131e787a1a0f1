/** What a driver says of an error of its client, whatever it does when asked. */
import { EbusError, ERROR_CODES } from '../errors.js';
import type { Driver, ErrorClass } from './driver.js';

/** Of a driver that cannot say: not retryable. */
const UNKNOWN: ErrorClass = { code: 'PUBLISH_FAILED', retryable: false };

/** Never throws: it is called where an error is being told already. */
export function classified(driver: Driver, error: unknown): ErrorClass {
  try {
    const { code, retryable, about } = driver.classify(error);
    if (!ERROR_CODES.includes(code)) return UNKNOWN;
    return { code, retryable: retryable === true, ...(about === undefined ? {} : { about }) };
  } catch {
    return UNKNOWN;
  }
}

/** What an error means, of whoever threw it: an error of ebus says so itself. */
export function classOf(driver: Driver, error: unknown): ErrorClass {
  return EbusError.isInstance(error)
    ? { code: error.code, retryable: error.retryable }
    : classified(driver, error);
}
