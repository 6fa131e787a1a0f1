/** Finds the operation of a server's refusal, which comes for the whole connection, some time after its cause. Pure. */
import { EbusError, reasonOf } from '@ebus/core/driver';
import { PermissionViolationError } from '@nats-io/transport-node';

/** The operation that a permission violation or limit concerns. */
export type Refused =
  /** A message to a topic. */
  | { readonly what: 'publish'; readonly topic: string }
  /** A request for messages, or an acknowledgement. */
  | { readonly what: 'pull' | 'ack'; readonly stream: string; readonly consumer: string }
  /** A request to JetStream's API: its caller waits for an answer that does not come. */
  | { readonly what: 'api'; readonly subject: string }
  /** The client tells the subscription itself. */
  | { readonly what: 'subscribe'; readonly subject: string }
  /** The newest subscriptions are not there: the server does not say which. */
  | { readonly what: 'newest' }
  | { readonly what: 'unknown' };

/** Reads the operation from the error. The server names the subject, not the request. */
export function refusedBy(error: unknown): Refused {
  if (error instanceof PermissionViolationError) {
    const { operation, subject } = error;
    return operation === 'publish' ? ofPublish(subject) : { what: 'subscribe', subject };
  }
  return /maximum subscriptions/i.test(reasonOf(error)) ? { what: 'newest' } : { what: 'unknown' };
}

/** `$JS.ACK.<stream>.<consumer>.<5 more>`, and with a domain and an account after `ACK` on later servers. */
function ofPublish(subject: string): Refused {
  const tokens = subject.split('.');
  if (subject.startsWith('$JS.ACK.')) {
    const first = tokens.length > 9 ? 4 : 2;
    return { what: 'ack', stream: tokens[first] ?? '', consumer: tokens[first + 1] ?? '' };
  }
  const next = /\.CONSUMER\.MSG\.NEXT\.([^.]+)\.([^.]+)$/.exec(subject);
  if (next !== null) return { what: 'pull', stream: next[1] as string, consumer: next[2] as string };
  const isApi = subject.startsWith('$JS.') || /\.(?:STREAM|CONSUMER)\.[A-Z.]+(?:\.|$)/.test(subject);
  return isApi ? { what: 'api', subject } : { what: 'publish', topic: subject };
}

/** The error for the caller. `doing`: as `publishing to 'shop.orders'`. */
export function refusal(doing: string, cause: unknown): EbusError {
  const isLimit = refusedBy(cause).what === 'newest';
  const todo = isLimit
    ? 'raise its limit of subscriptions (max_subs, max_subscriptions)'
    : 'give the login this permission';
  return new EbusError(`the NATS server refuses ${doing}: ${reasonOf(cause)}; ${todo}`, {
    code: isLimit ? 'LIMIT' : 'UNAUTHORIZED',
    // A limit is free again once others leave.
    retryable: isLimit,
    cause,
  });
}
