/** Words for anything that may be thrown. */
import { textOf } from './shown.js';

/** The reason of a failure, in words: the message of an error, else its code, else its text. Never throws. */
export function reasonOf(error: unknown): string {
  try {
    const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
    if (typeof message === 'string' && message !== '') return message;
    // Node's AggregateError of several failed connects has a code and no message.
    if (typeof code === 'string' && code !== '') return code;
  } catch {
    // A getter or a proxy that throws: `textOf` finds words for that.
  }
  return textOf(error);
}

const LOOKED_AT = ['name', 'message', 'code', 'cause'];

/** The error itself; another one in place of a value that cannot be inspected: a proxy that throws or was revoked. */
export function lookable(error: unknown): unknown {
  try {
    if (error instanceof Error) return error;
    for (const name of LOOKED_AT) void Object(error)[name];
    return error;
  } catch {
    return new Error('what was thrown cannot be looked at: a proxy that throws, or was revoked');
  }
}
