/** What a driver says of an error of its client, whatever it does when asked. */
import { ERROR_CODES } from '../errors.js';
import type { Driver, ErrorClass } from './driver.js';

/** Of a driver that cannot say: not retryable. */
const UNKNOWN: ErrorClass = { code: 'PUBLISH_FAILED', retryable: false };

/** Never throws: it is called where an error is being told already. */
export function classified(driver: Driver, error: unknown): ErrorClass {
  try {
    const { code, retryable } = driver.classify(error);
    return ERROR_CODES.includes(code) ? { code, retryable: retryable === true } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
