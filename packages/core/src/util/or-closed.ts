/** Calls that the closing bus ends say so. */
import { BusClosedError, EbusError } from '../errors.js';

/**
 * The error to throw: `BUS_CLOSED` where the bus closed meanwhile and the caller did not give up.
 * @param closed aborts once the bus closes
 * @param own the caller's signal
 */
export function orClosed(error: unknown, closed: AbortSignal, own: AbortSignal | undefined): unknown {
  const isClosed = closed.aborted && own?.aborted !== true;
  return isClosed && EbusError.isInstance(error) ? new BusClosedError() : error;
}
