/** A driver's classification of its client's errors, safe against drivers that throw. */
import { EbusError, ERROR_CODES, type ErrorCode, PublishError } from '../errors.js';
import type { Driver, ErrorClass } from './driver.js';

/** Of a driver that cannot say: not retryable. */
const UNKNOWN: ErrorClass = { code: 'PUBLISH_FAILED', retryable: false };

type Classifier = Pick<Driver, 'classify' | 'system'>;

/** Never throws: it is called where an error is being told already. */
function classified(driver: Classifier, error: unknown): ErrorClass {
  try {
    const { code, retryable } = driver.classify(error);
    return ERROR_CODES.includes(code) ? { code, retryable: retryable === true } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

/** The class of any error: an error of ebus carries its own. */
export function classOf(driver: Classifier, error: unknown): ErrorClass {
  return EbusError.isInstance(error)
    ? { code: error.code, retryable: error.retryable }
    : classified(driver, error);
}

/**
 * The error in ebus' terms for the caller of `what` ("subscribing to 'orders'"). An error of ebus stays as it is.
 * @param fallback the code where the driver has none that fits. With `PUBLISH_FAILED` it is a `PublishError`
 */
export function driverError(
  driver: Classifier,
  error: unknown,
  what: string,
  fallback: ErrorCode,
): EbusError {
  return EbusError.from(error, (reason) => {
    const { code, retryable } = classified(driver, error);
    const text = `${what} over ${driver.system} failed: ${reason}`;
    const options = { code: code === UNKNOWN.code ? fallback : code, retryable, cause: error };
    return fallback === 'PUBLISH_FAILED' ? new PublishError(text, options) : new EbusError(text, options);
  });
}
