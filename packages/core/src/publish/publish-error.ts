/** The error of publishing for causes of other kinds. */
import { EbusError, PublishError } from '../errors.js';

/** An `EbusError` stays as it is. */
export function asPublishError(topic: string, error: unknown): EbusError {
  return EbusError.from(error, (reason) => {
    // The checks of arguments throw `TypeError`; anything else is a codec or another part that broke.
    const code = error instanceof TypeError ? 'INVALID_ARGUMENT' : 'INTERNAL';
    return new PublishError(`cannot publish to '${topic}': ${reason}`, { code, cause: error });
  });
}
