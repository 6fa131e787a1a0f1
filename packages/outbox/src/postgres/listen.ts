/** LISTEN, by what a client is. */

import { quoted } from './names.js';
import { type Queryable, rowsOf } from './queryable.js';

/**
 * Begins to listen on a channel. Resolves once it does, with a function that ends it. Calls `notify` for each
 * notification, and `lost` once when no more will come.
 */
export type Listen = (
  channel: string,
  notify: () => void,
  lost: (error: unknown) => void,
) => Promise<() => void | Promise<void>>;

/** PGlite. */
interface ListeningClient extends Queryable {
  listen(channel: string, callback: () => void): Promise<() => Promise<unknown>>;
}

/** A client of `pg`. */
interface EmittingClient extends Queryable {
  on(event: string, listener: (argument: never) => void): unknown;
  removeListener(event: string, listener: (argument: never) => void): unknown;
}

/** A client out of a pool of `pg`. */
interface PooledClient extends EmittingClient {
  /** With `true` the connection is closed instead of being used again. */
  release(destroy?: boolean): void;
}

interface Pool extends Queryable {
  connect(): Promise<PooledClient>;
  readonly totalCount: number;
  readonly options?: { readonly max?: number };
  on?(event: 'error', listener: () => void): unknown;
  listenerCount?(event: 'error'): number;
}

/** `undefined` where the client gives no way, or has no connection to spare. */
export function listenFor(client: Queryable): Listen | undefined {
  if (isPool(client)) {
    surviveRestarts(client);
    return client.options?.max === 1
      ? undefined
      : (channel, ...told) => listenOnPool(client, channel, ...told);
  }
  if (hasMethod(client, 'listen')) {
    return async (channel, notify) => {
      const end = await (client as ListeningClient).listen(quoted(channel), notify);
      return async () => void (await end());
    };
  }
  if (hasMethod(client, 'on') && hasMethod(client, 'removeListener')) {
    return async (channel, ...told) => {
      const forget = await listenOn(client as EmittingClient, channel, ...told);
      return () => {
        forget();
        void rowsOf(client, `UNLISTEN ${quoted(channel)}`).catch(() => {});
      };
    };
  }
  return undefined;
}

const hasMethod = (client: object, name: string) =>
  typeof (client as Record<string, unknown>)[name] === 'function';

function isPool(client: Queryable): client is Pool {
  return hasMethod(client, 'connect') && typeof (client as Partial<Pool>).totalCount === 'number';
}

/** A pool without a listener of `error` ends the process when the server closes an idle connection. */
function surviveRestarts(pool: Pool): void {
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', () => {});
}

async function listenOnPool(
  pool: Pool,
  channel: string,
  notify: () => void,
  lost: (error: unknown) => void,
): Promise<() => Promise<void>> {
  const client = await pool.connect();
  let released = false;
  const release = () => {
    if (!released) client.release(true);
    released = true;
  };
  try {
    const forget = await listenOn(client, channel, notify, (error) => {
      release();
      lost(error);
    });
    // Closing the connection ends LISTEN, also where the server does not answer.
    return async () => {
      forget();
      release();
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Resolves once it listens, with what takes the listeners away. */
async function listenOn(
  client: EmittingClient,
  channel: string,
  notify: () => void,
  lost: (error: unknown) => void,
): Promise<() => void> {
  let ended = false;
  const onNotification = (message: { channel: string }) => {
    if (message.channel === channel) notify();
  };
  const onLost = (error?: unknown) => {
    if (ended) return;
    ended = true;
    lost(error ?? new Error('the connection that listens has ended'));
  };
  client.on('notification', onNotification);
  // It stays: a client without a listener of `error` ends the process.
  client.on('error', onLost);
  client.on('end', onLost);
  await rowsOf(client, `LISTEN ${quoted(channel)}`);
  return () => {
    ended = true;
    client.removeListener('notification', onNotification);
    client.removeListener('end', onLost);
  };
}
