/** Whether a login may publish to a subject, without storing anything. */
import { type CallOptions, within } from '@ebus/core/driver';
import { headers } from '@nats-io/transport-node';
import { isUnauthorized } from './errors.js';
import type { Link } from './link.js';
import { covers } from './names.js';

/** Servers from 2.9 on answer it, to logins that may ask. */
const USER_INFO = '$SYS.REQ.USER.INFO';
const ANSWER_MS = 5_000;
/** No stream has this name, so none stores the message: `.` is not allowed in names. */
const NO_STREAM = 'ebus.no-stream';

/** The server's answer about the login of a connection. */
export interface LoginInfo {
  /** The server's clock. */
  readonly now?: Date;
  /** Left out: no restrictions. */
  readonly publish?: Permissions;
  readonly subscribe?: Permissions;
}

interface Permissions {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** Undefined where the login may not ask, or the server does not answer. */
export async function loginInfo({ connection }: Link): Promise<LoginInfo | undefined> {
  try {
    const answer = await connection.request(USER_INFO, undefined, { timeout: ANSWER_MS });
    return readLoginInfo(answer.string());
  } catch {
    return undefined;
  }
}

/** Pure. Undefined for an answer that is none. */
export function readLoginInfo(text: string): LoginInfo | undefined {
  const { server, data, error } = JSON.parse(text) as {
    server?: { time?: string };
    data?: { permissions?: { publish?: Permissions | null; subscribe?: Permissions | null } };
    error?: unknown;
  };
  if (data === undefined || error !== undefined) return undefined;
  const now = new Date(server?.time ?? Number.NaN);
  const { publish, subscribe } = data.permissions ?? {};
  return {
    ...(Number.isNaN(now.getTime()) ? {} : { now }),
    ...(publish ? { publish } : {}),
    ...(subscribe ? { subscribe } : {}),
  };
}

/** As the server decides it: what is denied is denied, and where something is allowed nothing else is. Pure. */
export function allows(login: LoginInfo, subject: string, to: 'publish' | 'subscribe' = 'publish'): boolean {
  const { allow = [], deny = [] } = login[to] ?? {};
  if (deny.some((one) => covers(one, subject))) return false;
  return allow.length === 0 || allow.some((one) => covers(one, subject));
}

/**
 * Publishes an empty message that asks for a stream which cannot be, so that none stores it. Plain subscribers get it: it is only tried
 * where the login may not ask for its rights.
 * @throws the client's errors
 */
export async function tryPublish(
  { connection }: Link,
  subject: string,
  { signal }: CallOptions,
): Promise<boolean> {
  const refusing = headers();
  refusing.set('Nats-Expected-Stream', NO_STREAM);
  const asked = connection.request(subject, undefined, { timeout: ANSWER_MS, headers: refusing });
  try {
    await within(asked, signal, () => {
      throw new Error('no answer in time');
    });
    return true;
  } catch (error) {
    if (isUnauthorized(error)) return false;
    // A stream that acknowledges nothing answers nothing. A refusal would have come by now.
    if (!signal.aborted && !connection.isClosed()) return true;
    throw error;
  }
}
